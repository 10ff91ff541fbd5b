return require("amesh.host")
