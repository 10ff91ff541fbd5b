package standalone

// Root is the whole of the document: a map of sections, if the file is what it should be.
func (f *File) Root() *Node { return f.root }
