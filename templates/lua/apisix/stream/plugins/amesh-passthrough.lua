return require("amesh.stream_passthrough")
