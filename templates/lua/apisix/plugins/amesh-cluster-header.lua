return require("amesh.cluster_header")
