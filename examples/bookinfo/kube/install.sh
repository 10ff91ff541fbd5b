#!/bin/sh
# Installs a stock Istio and the charts of amesh-render in the cluster that kubectl speaks to. It can be run again.
#
#   make image IMAGE=registry.example/amesh-render:1 PLATFORMS=linux/amd64,linux/arm64 IMAGEFLAGS=--push
#   IMAGE=registry.example/amesh-render:1 examples/bookinfo/kube/install.sh
#
# ISTIO_VERSION is that of Istio's charts, 1.28.0 or newer (by default the latest); SERVICE_TYPE is the gateway's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
charts=$here/../../../charts
repository=https://istio-release.storage.googleapis.com/charts

case ${IMAGE:-} in
*/*:* | *:*) ;;
*) echo "install.sh: set IMAGE to the image of amesh-render, with its tag: registry.example/amesh-render:1" >&2; exit 2 ;;
esac
for program in kubectl helm; do
	command -v "$program" >/dev/null || { echo "install.sh: $program is not installed" >&2; exit 2; }
done
image="image.repository=${IMAGE%:*},image.tag=${IMAGE##*:}"

istio() { # istio RELEASE CHART FLAGS…: installs one of Istio's charts
	release=$1 chart=$2
	shift 2
	helm upgrade --install "$release" "$chart" --repo "$repository" --namespace istio-system --wait \
		${ISTIO_VERSION:+--version "$ISTIO_VERSION"} "$@"
}

istio istio-base base --create-namespace
helm upgrade --install amesh "$charts/amesh" --namespace istio-system --set "$image"

# istiod takes injection templates from the values of its own chart alone.
values=$(mktemp)
trap 'rm -f "$values"' EXIT
kubectl --namespace istio-system get configmap amesh-istiod-values --output 'jsonpath={.data.istiod-values\.yaml}' > "$values"
istio istiod istiod --values "$values"

helm upgrade --install gateway "$charts/amesh-gateway" --namespace istio-ingress --create-namespace --wait --timeout 10m \
	--set "$image" --set "service.type=${SERVICE_TYPE:-LoadBalancer}"
