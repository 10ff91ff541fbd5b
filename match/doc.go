// Package match explains what becomes of one HTTP request: which route takes it and why the earlier ones did not, what the
// upstream receives, which plugins have a part in it; by the two models of this module, of Envoy for a dump, of APISIX for
// what is rendered from it or stands in a file.
//
// In go a Query, which is what a person says about a request, and a Mesh, which is what is known of the configuration; out
// comes an Answer. What a Query leaves open, such as the address that the client dials, is taken from the mesh, and what
// was assumed is told. What a model does not know is told as undecided. Nothing here does I/O.
package match
