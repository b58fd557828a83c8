// Load sends requests from a number of connections for a number of seconds and prints, as JSON, what came of it.
//
// With -transfer each connection sends one request only, whose body, or answer, may be of any size.
//
// Each connection has a URL of its own to begin with and takes every n-th of the list, so that no two write the
// same object at the same time. Headers of a request may stand behind its URL, each behind a tab. An answer with another status than the expected one counts as failed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"log"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

type worker struct {
	client  *fasthttp.HostClient
	method  string
	body    []byte
	targets []string
	expect  int

	latencies []time.Duration
	failed    int
	status    int
}

type result struct {
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	Status   int     `json:"status"` // of the last failure
	Seconds  float64 `json:"seconds"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
}

func (w *worker) run(until time.Time) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	request.Header.SetMethod(w.method)
	request.SetBodyRaw(w.body)
	response.SkipBody = w.method == "HEAD"
	for at := 0; time.Now().Before(until); at++ {
		target, headers, _ := strings.Cut(w.targets[at%len(w.targets)], "\t")
		request.SetRequestURI(target)
		for line := range strings.SplitSeq(headers, "\t") {
			if name, value, found := strings.Cut(line, ": "); found {
				request.Header.Set(name, value)
			}
		}
		begun := time.Now()
		err := w.client.Do(request, response)
		w.latencies = append(w.latencies, time.Since(begun))
		if err != nil || response.StatusCode() != w.expect {
			w.failed++
			w.status = response.StatusCode()
		}
	}
}

func main() {
	method := flag.String("method", "GET", "of the requests")
	urls := flag.String("urls", "", "file with a URL a line, and headers behind tabs")
	size := flag.Int64("size", 0, "bytes of each body, or of each answer with -transfer")
	once := flag.Bool("transfer", false, "one request of each connection")
	connections := flag.Int("connections", 16, "at once")
	seconds := flag.Float64("seconds", 5, "how long")
	expect := flag.Int("expect", 200, "status")
	flag.Parse()

	targets := lines(*urls)
	if *once {
		total, err := transfer(*method, targets, *size, *connections, *expect)
		if err != nil {
			log.Print(err)
		}
		print(total)
		return
	}
	address, _, _ := strings.Cut(targets[0], "\t")
	first, err := url.Parse(address)
	if err != nil {
		log.Fatal(err)
	}
	client := &fasthttp.HostClient{
		Addr:     first.Host,
		MaxConns: *connections,
		// An answer of a listing is larger than the default.
		ReadBufferSize:            64 * 1024,
		MaxIdemponentCallAttempts: 1,
	}
	var body []byte
	if *size > 0 {
		body = noise(int(*size))
	}
	workers := make([]*worker, *connections)
	for number := range workers {
		var own []string
		for at := number; at < len(targets); at += *connections {
			own = append(own, targets[at])
		}
		if own == nil {
			own = targets[number%len(targets):][:1]
		}
		workers[number] = &worker{client: client, method: *method, body: body, targets: own, expect: *expect}
	}
	begun := time.Now()
	until := begun.Add(time.Duration(*seconds * float64(time.Second)))
	var running sync.WaitGroup
	for _, one := range workers {
		running.Go(func() { one.run(until) })
	}
	running.Wait()
	print(sum(workers, time.Since(begun)))
}

func print(total result) {
	if err := json.NewEncoder(os.Stdout).Encode(total); err != nil {
		log.Fatal(err)
	}
}

func sum(workers []*worker, took time.Duration) result {
	var all []time.Duration
	total := result{Seconds: took.Seconds()}
	for _, one := range workers {
		all = append(all, one.latencies...)
		total.Failed += one.failed
		if one.status != 0 {
			total.Status = one.status
		}
	}
	slices.Sort(all)
	total.Requests = len(all)
	if len(all) > 0 {
		total.P50 = milliseconds(all[len(all)/2])
		total.P99 = milliseconds(all[len(all)*99/100])
		total.Max = milliseconds(all[len(all)-1])
	}
	return total
}

func milliseconds(duration time.Duration) float64 {
	return float64(duration.Microseconds()) / 1000
}

func noise(size int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	body := make([]byte, size)
	_, _ = random.Read(body) // never fails
	return body
}

func lines(name string) []string {
	file, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var found []string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		found = append(found, scanner.Text())
	}
	if len(found) == 0 {
		log.Fatalf("%s holds no URL", name)
	}
	return found
}
