return require("amesh.stream_split")
