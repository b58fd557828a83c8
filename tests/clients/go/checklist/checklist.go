package checklist

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	miB     = 1 << 20
	special = "odd/a b%41&c'd~e=f;g#h$i,j:k.txt"
)

// Run takes a client through all steps and prints one JSON line a step.
func Run(client Client, bucket string) {
	r := &run{client: client, bucket: bucket}
	r.making()
	r.objects()
	r.listings()
	r.conditions()
	r.beyond()
	r.removals()
}

type run struct {
	client Client
	bucket string
	stored []string
}

// wrong is a step that went through and did not do what it says.
type wrong struct{ error }

func check(held bool, format string, args ...any) error {
	if held {
		return nil
	}
	return wrong{fmt.Errorf(format, args...)}
}

func (r *run) step(name string, do func() error) {
	begun := time.Now()
	err := do()
	if errors.Is(err, ErrNotOffered) {
		return
	}
	line := map[string]any{
		"step": name, "outcome": "works", "seconds": time.Since(begun).Seconds()}
	if err != nil {
		line["message"] = err.Error()
		line["outcome"] = r.client.CodeOf(err)
		if errors.As(err, &wrong{}) {
			line["outcome"] = "wrong"
		}
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func (r *run) making() {
	r.step("make a bucket", func() error { return r.client.MakeBucket(r.bucket) })
	r.step("make it again", func() error { return r.client.MakeBucket(r.bucket) })
	r.step("ask whether a bucket exists", func() error {
		there, err := r.client.BucketExists(r.bucket)
		missing, missingErr := r.client.BucketExists("master.no-such-repo")
		return errors.Join(err, missingErr, check(there && !missing, "%v and %v", there, missing))
	})
	r.step("list buckets", func() error {
		buckets, err := r.client.Buckets()
		return errors.Join(err, check(slices.Contains(buckets, r.bucket), "%q", buckets))
	})
	r.step("ask for a bucket's location", func() error {
		location, err := r.client.Location(r.bucket)
		return errors.Join(err, check(location == "us-east-1" || location == "", "%q", location))
	})
	r.step("use a missing bucket", func() error {
		_, err := r.client.Keys("master.no-such-repo")
		return err
	})
}

func random(size int) []byte {
	content := make([]byte, size)
	rand.Read(content)
	return content
}

func (r *run) roundTrip(key string, size int) error {
	content := random(size)
	if err := r.client.Put(key, content); err != nil {
		return err
	}
	r.stored = append(r.stored, key)
	stat, err := r.client.Stat(key)
	if err != nil {
		return err
	}
	return errors.Join(
		check(stat.Size == int64(size), "size %d", stat.Size),
		check(strings.HasSuffix(strings.Trim(stat.ETag, `"`), "-1"), "ETag %q", stat.ETag),
		r.holds(key, content),
	)
}

func (r *run) holds(key string, content []byte) error {
	got, err := r.client.Get(key)
	if err != nil {
		return err
	}
	return check(bytes.Equal(got, content), "%d other bytes came back", len(got))
}

func (r *run) objects() {
	for _, one := range []struct {
		name, key string
		size      int
	}{
		{"0 B", "0b", 0}, {"5 B", "5b", 5}, {"6 MiB", "6mib", 6 * miB}, {"20 MiB", "20mib", 20 * miB},
		{"special characters", special, 5},
	} {
		r.step("put and get "+one.name, func() error { return r.roundTrip(one.key, one.size) })
	}
	r.step("upload and download a file", r.files)
	r.step("get a range", func() error {
		if err := r.client.Put("hundred", random(100)); err != nil {
			return err
		}
		r.stored = append(r.stored, "hundred")
		whole, err := r.client.Get("hundred")
		part, partErr := r.client.GetRange("hundred", 10, 19)
		if err := errors.Join(err, partErr); err != nil {
			return err
		}
		return check(bytes.Equal(part, whole[10:20]), "%d other bytes", len(part))
	})
	r.step("get a missing key", func() error {
		_, err := r.client.Get("no-such-key")
		return err
	})
	r.step("stat a missing key", func() error {
		_, err := r.client.Stat("no-such-key")
		return err
	})
}

func (r *run) files() error {
	folder, err := os.MkdirTemp("", "client")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	up, down := filepath.Join(folder, "up"), filepath.Join(folder, "down")
	content := random(20 * miB)
	if err := os.WriteFile(up, content, 0o600); err != nil {
		return err
	}
	if err := r.client.Upload(up, "file"); err != nil {
		return err
	}
	r.stored = append(r.stored, "file")
	if err := r.client.Download("file", down); err != nil {
		return err
	}
	got, err := os.ReadFile(down)
	return errors.Join(err, check(bytes.Equal(got, content), "%d other bytes", len(got)))
}

func (r *run) listings() {
	slices.Sort(r.stored)
	same := func(keys []string, err error) error {
		if err != nil {
			return err
		}
		return check(slices.Equal(keys, r.stored), "%q", keys)
	}
	r.step("list all", func() error { return same(r.client.Keys(r.bucket)) })
	r.step("list one level", func() error {
		top, err := r.client.Level("")
		below, belowErr := r.client.Level("odd/")
		if err := errors.Join(err, belowErr); err != nil {
			return err
		}
		return errors.Join(
			check(len(top) == len(r.stored) && slices.Contains(top, "odd/"), "%q", top),
			check(slices.Equal(below, []string{special}), "%q", below),
		)
	})
	r.step("list in pages", func() error { return same(r.client.KeysInPages(2)) })
	r.step("list by version 1", func() error { return same(r.client.KeysByVersion1()) })
}

func (r *run) beyond() {
	r.step("put a key that PFS cannot hold", func() error { return r.client.Put("a*b", []byte("hello")) })
	r.step("multipart upload", func() error { return r.client.Multipart("multi", make([]byte, 20*miB)) })
	r.step("stream of unknown size", func() error { return r.client.Stream("stream", []byte("hello")) })
	r.step("copy", func() error { return r.client.Copy("hundred", "copied") })
	r.step("make public", func() error { return r.client.MakePublic("hundred") })
	r.step("tag", func() error { return r.client.Tag("hundred") })
	r.step("turn versioning on", r.client.TurnVersioningOn)
	r.step("list versions", r.client.Versions)
}

func (r *run) removals() {
	r.step("remove a bucket with objects", func() error { return r.client.RemoveBucket(r.bucket) })
	r.step("delete", func() error {
		if err := r.client.Delete("5b"); err != nil {
			return err
		}
		_, err := r.client.Get("5b")
		return check(err != nil, "it is still there")
	})
	r.step("delete many", func() error {
		keys, err := r.client.Keys(r.bucket)
		if err != nil {
			return err
		}
		if err := r.client.DeleteMany(append(keys, "missing")); err != nil {
			return err
		}
		keys, err = r.client.Keys(r.bucket)
		return errors.Join(err, check(len(keys) == 0, "%q", keys))
	})
	r.step("remove a bucket", func() error { return r.client.RemoveBucket(r.bucket) })
}
