return require("amesh.passthrough")
