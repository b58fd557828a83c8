package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const pieceBytes = 1 << 20

// transfer makes one request on each connection, with a body of its own that is never held whole, and says how
// long all of them took together.
func transfer(method string, targets []string, size int64, connections int, expect int) (result, error) {
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections,
		WriteBufferSize:     pieceBytes,
		ReadBufferSize:      pieceBytes,
		DisableCompression:  true,
	}}
	total := result{}
	var lock sync.Mutex
	var running sync.WaitGroup
	var failure error
	begun := time.Now()
	for number := range connections {
		running.Go(func() {
			status, received, err := once(client, method, targets[number%len(targets)], size)
			lock.Lock()
			defer lock.Unlock()
			total.Requests++
			if err == nil && method == http.MethodGet && received != size {
				err = fmt.Errorf("%d bytes instead of %d", received, size)
			}
			if err != nil || status != expect {
				total.Failed++
				total.Status = status
				failure = err
			}
		})
	}
	running.Wait()
	total.Seconds = time.Since(begun).Seconds()
	return total, failure
}

func once(client *http.Client, method, target string, size int64) (int, int64, error) {
	var body io.Reader
	if method == http.MethodPut {
		body = &repeated{piece: noise(pieceBytes), left: size}
	}
	request, err := http.NewRequest(method, target, body)
	if err != nil {
		return 0, 0, err
	}
	if body != nil {
		request.ContentLength = size
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	received, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, response.Body, make([]byte, pieceBytes))
	return response.StatusCode, received, err
}

// repeated is a body of one piece again and again.
type repeated struct {
	piece []byte
	left  int64
}

func (r *repeated) Read(into []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	read := copy(into, r.piece)
	if int64(read) > r.left {
		read = int(r.left)
	}
	r.left -= int64(read)
	return read, nil
}
