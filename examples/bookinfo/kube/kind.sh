#!/bin/sh
# The whole walk-through in a kind cluster of its own: builds the image, makes the cluster, installs, and shows Bookinfo.
#
#   examples/bookinfo/kube/kind.sh        # needs docker, kind, kubectl, helm, make
#   kind delete cluster --name amesh      # and away with it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export IMAGE="${IMAGE:-amesh-render:kind}" CLUSTER="${CLUSTER:-amesh}"

make -C "$here/../../.." image IMAGE="$IMAGE"
kind get clusters | grep -qx "$CLUSTER" || kind create cluster --name "$CLUSTER" --wait 5m
kind load docker-image "$IMAGE" --name "$CLUSTER"
kubectl config use-context "kind-$CLUSTER"
# kind has no load balancers, which helm would wait for.
SERVICE_TYPE=ClusterIP "$here/install.sh"
"$here/walk.sh"
