return require("amesh.stream_destination")
