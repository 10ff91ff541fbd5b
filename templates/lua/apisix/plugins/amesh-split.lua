return require("amesh.split")
