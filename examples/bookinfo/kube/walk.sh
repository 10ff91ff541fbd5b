#!/bin/sh
# Bookinfo through APISIX, once install.sh has run: all versions of reviews answer, then only v1.
#
#   NAMESPACE=bookinfo examples/bookinfo/kube/walk.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
namespace=${NAMESPACE:-bookinfo}

k() { kubectl --namespace "$namespace" "$@"; }

# versions counts the versions of reviews that answer 30 requests, six at a time, from the pod of ratings through its APISIX.
versions() {
	k exec deploy/ratings-v1 --container ratings -- sh -c '
		for round in 1 2 3 4 5; do
			for request in 1 2 3 4 5 6; do curl -sS http://reviews:9080/reviews/0 & done
			wait
		done' | grep -o 'reviews-v[0-9]' | sort | uniq -c
}

kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"
kubectl label namespace "$namespace" istio-injection=enabled --overwrite
k apply -f "$here/bookinfo.yaml" -f "$here/gateway.yaml"
for deployment in details-v1 ratings-v1 reviews-v1 reviews-v2 reviews-v3 productpage-v1; do
	k rollout status "deploy/$deployment" --timeout 10m
done

echo "The containers of productpage, APISIX among them:"
k get pods --selector app=productpage \
	--output 'jsonpath={range .items[*]}{.spec.initContainers[*].name} {.spec.containers[*].name}{"\n"}{end}'

echo "Without rules, several versions of reviews answer:"
versions

k apply -f "$here/destination-rule-all.yaml" -f "$here/virtual-service-all-v1.yaml"
echo "With virtual-service-all-v1, only v1:"
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
	answers=$(versions)
	case $answers in
	*reviews-v2* | *reviews-v3*) sleep 5 ;; # the file follows within seconds
	*reviews-v1*) echo "$answers"; exit ;;
	*) echo "walk.sh: nobody answers: ${answers:-no reviews in what came}" >&2; exit 1 ;;
	esac
done
echo "walk.sh: after $attempt attempts, others than v1 still answer: $answers" >&2
exit 1
