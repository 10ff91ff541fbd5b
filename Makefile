# What one does every day. `make help` lists it.

FUZZTIME ?= 30s
OUT ?= amesh-render
# false leaves out the commit, which `amesh-render version` otherwise prints.
BUILDVCS ?= auto
BUILDFLAGS = -tags grpcnotrace -trimpath -buildvcs=$(BUILDVCS) -ldflags '-s -w -buildid='

VERSION = $(shell sed -n 's/^const version = "\(.*\)"/\1/p' cmd/version.go)
IMAGE ?= amesh-render:$(VERSION)
PLATFORMS ?=
IMAGEFLAGS ?= --load

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./amesh-render, static; the same bytes wherever it is built
	CGO_ENABLED=0 GOOS=$(GOOS) GOARCH=$(GOARCH) go build $(BUILDFLAGS) -o $(OUT) ./cmd/amesh-render

.PHONY: image
image: ## build the container image IMAGE, for PLATFORMS or this one (Docker with buildx)
	docker buildx build $(if $(PLATFORMS),--platform $(PLATFORMS)) --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) \
		-t $(IMAGE) $(IMAGEFLAGS) .

.PHONY: rootfs
rootfs: build ## lay out the image's tree in DIR, without Docker (on Debian 12)
	@test -n "$(DIR)" || { echo 'make rootfs DIR=… says where'; exit 2; }
	image/rootfs.sh amesh-render $(DIR) --base

.PHONY: test
test: ## run all tests
	go test ./...

.PHONY: race
race: ## run all tests under the race detector
	go test -race -timeout 25m ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet ./...
	go tool staticcheck ./...

.PHONY: golden
golden: ## rewrite the golden files; then read the diff
	go test ./render ./render/apisix ./tests -update

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME
	./tests/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## measure the agent's work in meshes of 100 to 10,000 services; docs/performance.md says how to read it
	go run ./tests/bench

.PHONY: bench-agent
bench-agent: build ## run an agent beside 1,000 and 5,000 services of which ten endpoints change a second
	go run ./tests/bench -agent ./$(OUT) -sizes 1000,5000

.PHONY: bench-check
bench-check: ## compare allocations with the committed baseline
	go run ./tests/bench -check

.PHONY: bench-update
bench-update: ## write the baseline of allocations anew
	go run ./tests/bench -update

.PHONY: bench-packages
bench-packages: ## run the benchmarks of single packages
	go test -run '^$$' -bench . -benchmem ./...
