return require("amesh.destination")
