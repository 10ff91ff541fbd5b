// Package watch moves files. It notices when those that go in change, and replaces the one that APISIX reads, at a pace
// and in an order that APISIX can follow. The package knows neither xDS nor APISIX's objects, and it never looks into
// the bytes beyond their first line.
//
// # The file that goes out
//
// APISIX in file mode stats the file once a second in each of its processes, on timers of their own, and loads it
// when the mtime, in whole seconds, differs from the one that it loaded last. A load parses everything, rebuilds
// everything and blocks the worker meanwhile. A half-written file is an error each second, and at start-up it keeps
// APISIX from starting. From these facts follows the protocol of one write, [File.Write]:
//
//  1. The path's symlinks are resolved: the target is replaced, the links stay.
//  2. The directory is locked, so that two writers never build upon the same old file.
//  3. If the file holds these bytes already, it is left alone; only its mode and owner are put right.
//  4. The bytes go to a temporary file in the same directory, which is then flushed to the disk.
//  5. That file gets an mtime in a later whole second than the file that it replaces, whatever the clock says:
//     two different contents with one mtime, and the second is lost for as long as nothing else is written.
//  6. It gets its mode and owner, whatever the umask is.
//  7. It is renamed to the target: a reader has the old file or the new one, whole, at any time.
//  8. The directory is flushed, so that the rename outlives a power failure.
//
// A file of many megabytes in which one object has changed is written as a [Content], pieces of which most are those of the
// content before. What is in the file is known without reading it, for as long as its inode, size, mtime and ctime are those
// that our write has left: nobody can write to a file and leave all of them. Where the file system's clock knows whole seconds
// only, the file is read. The text of pieces that the old file has is copied from there, so that nobody need keep it in memory:
// by the system, if the old file is afterwards still as our write has left it; otherwise, and where the system does not copy,
// each piece is compared with the hash of what was written, and makes its text anew if it is anything else.
//
// On any failure up to the rename the old file stays as it was, the temporary file is removed, and a *WriteError says
// what failed, where, as which user, and what to do about it. [File.Lock] keeps a second agent from the same file.
//
// # Many writes
//
// A load is dear, so a [Pacer] gathers changes and commits the latest, at once after a quiet time and otherwise not
// more than once a second; it tries failed commits again. A load is not atomic either: for a moment APISIX has the
// routes of one file and the upstreams of another. A [Planner] puts the files in an order in which that does no harm.
// The three fit together: Pacer.Commit calls Planner.Commit, and that File.Write.
//
// # The files that come in
//
// [Inputs] tell that files may have changed. They watch directories, not files, as what is at a path is replaced more
// often than written to; any event there, and now and then none, has the files looked at; and only if their contents
// differ, something is told. Reading them is left to whoever is told.
package watch
