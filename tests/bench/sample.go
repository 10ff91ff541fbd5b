//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// work is a mesh in another process, and an agent that follows it.
type work struct {
	services int
	source   *source
	pipeline *pipeline
	dir      string
	alike    bool // all samples are of as many operations, however long they take
}

func newWork(services int) (*work, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	s, err := newSource(services)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &work{services: services, source: s, dir: dir}, nil
}

func (w *work) close() {
	w.source.close()
	os.RemoveAll(w.dir)
}

// start makes an agent that has just started.
func (w *work) start() { w.pipeline = newPipeline(w.source.Node, filepath.Join(w.dir, "apisix.yaml")) }

// do does the work of a row.
func (w *work) do(r row, responses [][]byte) error {
	if r.cold {
		w.start()
	}
	if err := w.pipeline.take(responses); err != nil {
		return err
	}
	written, err := w.pipeline.commit(r.file)
	if r.settle {
		w.pipeline.settle()
	}
	if err == nil && r.file && (written > 0) != r.disk {
		err = fmt.Errorf("the file was replaced %d times", written)
	}
	return err
}

// doFloor does what nobody can do without.
func (w *work) doFloor(r row, responses [][]byte, content []byte) error {
	if r.disk {
		return replace(filepath.Join(w.dir, "floor"), content)
	}
	return decode(responses)
}

// measureRows measures all rows at one size and prints the results as JSON.
func measureRows(services int, least time.Duration, out io.Writer) error {
	results, err := measureAll(services, false, func(taken time.Duration, samples int) bool { return taken >= least && samples >= 5 })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(results)
}

// measureAll measures all rows, each until it is enough. Alike says that all samples are to be of as many operations.
func measureAll(services int, alike bool, enough func(taken time.Duration, samples int) bool) (results []result, err error) {
	w, err := newWork(services)
	if err != nil {
		return nil, err
	}
	w.alike = alike
	defer w.close()
	for _, r := range rows {
		one, err := w.measureRow(r, enough)
		if err != nil {
			return nil, fmt.Errorf("%d services, %s: %w", services, r.name, err)
		}
		results = append(results, one)
	}
	return results, nil
}

// measureRow takes samples of the floor and of ours in turn, and of each the least. A sample is of several operations, so
// that each bears its share of the collections of garbage.
func (w *work) measureRow(r row, enough func(time.Duration, int) bool) (result, error) {
	m := result{Row: r.name, Services: w.services}
	if err := w.prepare(r); err != nil {
		return m, err
	}
	start := time.Now()
	n := 1
	for samples := 0; samples == 0 || !enough(time.Since(start), samples); samples++ {
		if r.push == pushService && samples > 0 { // else the mesh would grow and grow
			if err := w.prepare(r); err != nil {
				return m, err
			}
		}
		var memory offHeap
		batches, err := w.batches(r, n, &memory)
		if err != nil {
			return m, err
		}
		m.Responses = total(batches[0])
		floor, ours, err := w.sample(r, batches)
		if err != nil {
			return m, err
		}
		memory.free()
		m.File = w.pipeline.size
		m.Floor, m.Ours = m.Floor.least(floor), m.Ours.least(ours)
		if n = r.perSample(ours.Wall); w.alike {
			n = r.perSample(0)
		}
	}
	return m, nil
}

// prepare has a new agent know the mesh as it was at first, and write its file: twice, as what it does once only belongs to
// no row.
func (w *work) prepare(r row) error {
	if r.cold {
		return nil
	}
	w.start()
	for _, p := range []push{pushAfresh, pushAll} {
		var memory offHeap
		all, err := w.source.ask(p, memory.allocate)
		if err != nil {
			return err
		}
		if err := w.pipeline.take(all); err != nil {
			return err
		}
		if _, err := w.pipeline.commit(true); err != nil {
			return err
		}
		memory.free()
	}
	return nil
}

// perSample is how many operations a sample has, so that it takes long enough to be measured. An agent starts but once, and
// a mesh should not grow by much.
func (r row) perSample(one time.Duration) int {
	const long, few, many = 100 * time.Millisecond, 3, 50
	switch {
	case r.cold:
		return 1
	case r.push == pushService:
		return few
	}
	return min(max(int(long/max(one, time.Microsecond)), few), many)
}

// batches are the responses of n operations.
func (w *work) batches(r row, n int, memory *offHeap) (batches [][][]byte, err error) {
	for range n {
		if len(batches) > 0 && r.push == pushAll { // the same again
			batches = append(batches, batches[0])
			continue
		}
		b, err := w.source.ask(r.push, memory.allocate)
		if err != nil {
			return nil, err
		}
		batches = append(batches, b)
	}
	return batches, nil
}

// sample measures the floor, and then ours, of the same responses.
func (w *work) sample(r row, batches [][][]byte) (floor, ours cost, err error) {
	var content []byte
	if r.disk {
		if content, err = os.ReadFile(w.pipeline.file.Path); err != nil {
			return floor, ours, err
		}
	}
	each := func(do func([][]byte) error) func() error {
		i := -1
		return func() error { i++; return do(batches[i]) }
	}
	if r.cold {
		w.pipeline = nil
	}
	runtime.GC()
	floor, err = measure(len(batches), each(func(b [][]byte) error { return w.doFloor(r, b, content) }))
	if err != nil {
		return floor, ours, fmt.Errorf("floor: %w", err)
	}
	runtime.GC()
	ours, err = measure(len(batches), each(func(b [][]byte) error { return w.do(r, b) }))
	return floor, ours, err
}

func total(responses [][]byte) (n int) {
	for _, b := range responses {
		n += len(b)
	}
	return n
}
