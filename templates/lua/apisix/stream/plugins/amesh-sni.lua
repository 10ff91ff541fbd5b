return require("amesh.sni")
