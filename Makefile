# What one does every day. `make help` lists it.

FUZZTIME ?= 30s

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./amesh-render, static
	CGO_ENABLED=0 go build -tags grpcnotrace -trimpath -ldflags '-s -w' -o amesh-render ./cmd/amesh-render

.PHONY: test
test: ## run all tests
	go test ./...

.PHONY: race
race: ## run all tests under the race detector
	go test -race ./...

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
bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...
