package checklist

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

func (r *run) conditions() {
	r.step("put if none is there", func() error {
		if err := r.client.PutIfNoneIsThere("new", []byte("first")); err != nil {
			return err
		}
		err := r.client.PutIfNoneIsThere("new", []byte("second"))
		return errors.Join(r.refused(err), r.holds("new", []byte("first")))
	})
	r.step("put if unchanged", func() error {
		stat, err := r.client.Stat("new")
		if err != nil {
			return err
		}
		if err := r.client.PutIfUnchanged("new", []byte("second"), stat.ETag); err != nil {
			return err
		}
		err = r.client.PutIfUnchanged("new", []byte("third"), stat.ETag)
		return errors.Join(r.refused(err), r.holds("new", []byte("second")))
	})
	r.step("get if changed", func() error {
		stat, err := r.client.Stat("new")
		if err != nil {
			return err
		}
		same, err := r.client.GetIfChanged("new", stat.ETag)
		other, otherErr := r.client.GetIfChanged("new", "other-1")
		return errors.Join(err, otherErr, check(len(same) == 0 && len(other) == 6, "%q %q", same, other))
	})
	r.step("put with checksums", func() error {
		err := r.client.PutWithChecksums("sum", []byte("hello"))
		if err != nil {
			return err
		}
		return r.holds("sum", []byte("hello"))
	})
	r.step("put with metadata", r.metadata)
	r.step("presign a GET", func() error {
		url, err := r.client.PresignedGet(special)
		if err != nil {
			return err
		}
		content, err := fetch(http.MethodGet, url, nil)
		return errors.Join(err, r.holds(special, content))
	})
	r.step("presign a PUT", func() error {
		url, err := r.client.PresignedPut("presigned")
		if err != nil {
			return err
		}
		_, err = fetch(http.MethodPut, url, []byte("hello"))
		return errors.Join(err, r.holds("presigned", []byte("hello")))
	})
}

func (r *run) refused(err error) error {
	return check(err != nil && r.client.CodeOf(err) == "PreconditionFailed", "not refused: %v", err)
}

func (r *run) metadata() error {
	err := r.client.PutWithMetadata("meta.json", []byte("{}"), "text/x-test", "colour", "blue")
	if err != nil {
		return err
	}
	stat, err := r.client.Stat("meta.json")
	if err != nil {
		return err
	}
	return check(!strings.Contains(stat.Shown, "blue") && !strings.Contains(stat.Shown, "x-test"),
		"%s", stat.Shown)
}

func fetch(method, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return content, errors.Join(err, check(answer.StatusCode == 200, "%s %s", answer.Status, content))
}
