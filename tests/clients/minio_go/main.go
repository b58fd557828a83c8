// Drives a gateway through minio-go and prints one JSON line a step.
//
// Environment: ENDPOINT (http://host:port), BUCKET (to be created and removed).
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const miB = 1 << 20

var (
	ctx    = context.Background()
	client *minio.Client
	bucket = os.Getenv("BUCKET")
	single = minio.PutObjectOptions{DisableMultipart: true}
)

// step runs one step and says how it went.
func step(name string, run func() error) {
	line := map[string]string{"step": name, "outcome": "ok"}
	if err := run(); err != nil {
		line["outcome"] = "error"
		line["message"] = err.Error()
		line["code"] = minio.ToErrorResponse(err).Code
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func check(held bool, format string, args ...any) error {
	if held {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func random(size int) []byte {
	content := make([]byte, size)
	rand.Read(content)
	return content
}

func putAndGet(key string, size int) error {
	content := random(size)
	put, err := client.PutObject(ctx, bucket, key, bytes.NewReader(content), int64(size), single)
	if err != nil {
		return err
	}
	stat, err := client.StatObject(ctx, bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return err
	}
	object, err := client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer object.Close()
	got, err := io.ReadAll(object)
	if err != nil {
		return err
	}
	return errors.Join(
		check(bytes.Equal(got, content), "%d other bytes came back", len(got)),
		check(stat.Size == int64(size), "size %d", stat.Size),
		check(stat.ETag == put.ETag && put.ETag != "", "ETag %q and %q", put.ETag, stat.ETag),
		check(!stat.LastModified.IsZero(), "no Last-Modified"),
	)
}

func fileRoundTrip(size int) error {
	folder, err := os.MkdirTemp("", "minio-go")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	content := random(size)
	up, down := filepath.Join(folder, "up"), filepath.Join(folder, "down")
	if err := os.WriteFile(up, content, 0o600); err != nil {
		return err
	}
	if _, err := client.FPutObject(ctx, bucket, "file", up, single); err != nil {
		return err
	}
	if err := client.FGetObject(ctx, bucket, "file", down, minio.GetObjectOptions{}); err != nil {
		return err
	}
	got, err := os.ReadFile(down)
	if err != nil {
		return err
	}
	return check(bytes.Equal(got, content), "%d other bytes came back", len(got))
}

func listed(options minio.ListObjectsOptions) ([]string, error) {
	keys := []string{}
	for object := range client.ListObjects(ctx, bucket, options) {
		if object.Err != nil {
			return nil, object.Err
		}
		keys = append(keys, object.Key)
	}
	return keys, nil
}

func expectListed(options minio.ListObjectsOptions, expected ...string) error {
	keys, err := listed(options)
	if err != nil {
		return err
	}
	sort.Strings(expected)
	return check(strings.Join(keys, "|") == strings.Join(expected, "|"), "listed %q", keys)
}

func main() {
	endpoint, err := url.Parse(os.Getenv("ENDPOINT"))
	if err == nil {
		client, err = minio.New(endpoint.Host, &minio.Options{
			Creds: credentials.NewStaticV4("any", "anything", ""),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buckets()
	objects()
	listings()
	removals()
	beyond()
	step("RemoveBucket", func() error {
		for object := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
			if err := client.RemoveObject(ctx, bucket, object.Key, minio.RemoveObjectOptions{}); err != nil {
				return err
			}
		}
		return client.RemoveBucket(ctx, bucket)
	})
}

func buckets() {
	step("MakeBucket", func() error {
		return client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{})
	})
	step("BucketExists", func() error {
		exists, err := client.BucketExists(ctx, bucket)
		missing, missingErr := client.BucketExists(ctx, "master.no-such-repo")
		return errors.Join(err, missingErr, check(exists && !missing, "%v and %v", exists, missing))
	})
	step("ListBuckets", func() error {
		found, err := client.ListBuckets(ctx)
		for _, one := range found {
			if one.Name == bucket && !one.CreationDate.IsZero() {
				return nil
			}
		}
		return errors.Join(err, errors.New("it is not listed"))
	})
}

func objects() {
	for name, size := range map[string]int{"0b": 0, "5b": 5, "6MiB": 6 * miB, "20MiB": 20 * miB} {
		step("PutObject GetObject StatObject "+name, func() error { return putAndGet(name, size) })
	}
	step("PutObject of an awkward key", func() error { return putAndGet("dir/b c%d&e.txt", 5) })
	step("FPutObject FGetObject 20MiB", func() error { return fileRoundTrip(20 * miB) })
	step("GetObject range", func() error {
		content := random(100)
		_, err := client.PutObject(ctx, bucket, "hundred", bytes.NewReader(content), 100, single)
		if err != nil {
			return err
		}
		options := minio.GetObjectOptions{}
		options.SetRange(10, 19)
		object, err := client.GetObject(ctx, bucket, "hundred", options)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(object)
		return errors.Join(err, check(bytes.Equal(got, content[10:20]), "%d bytes", len(got)))
	})
	step("GetObject Seek", func() error {
		object, err := client.GetObject(ctx, bucket, "20MiB", minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		if _, err := object.Seek(-5, io.SeekEnd); err != nil {
			return err
		}
		got, err := io.ReadAll(object)
		return errors.Join(err, check(len(got) == 5, "%d bytes", len(got)))
	})
}

func listings() {
	all := []string{"0b", "20MiB", "5b", "6MiB", "dir/b c%d&e.txt", "file", "hundred"}
	step("ListObjects recursive", func() error {
		return expectListed(minio.ListObjectsOptions{Recursive: true}, all...)
	})
	step("ListObjects in pages", func() error {
		return expectListed(minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}, all...)
	})
	step("ListObjects version 1 in pages", func() error {
		return expectListed(minio.ListObjectsOptions{Recursive: true, MaxKeys: 2, UseV1: true}, all...)
	})
	step("ListObjects with prefix and delimiter", func() error {
		return errors.Join(
			expectListed(minio.ListObjectsOptions{Prefix: "d"}, "dir/"),
			expectListed(minio.ListObjectsOptions{Prefix: "dir/"}, "dir/b c%d&e.txt"),
		)
	})
}

func removals() {
	step("RemoveObject", func() error {
		if err := client.RemoveObject(ctx, bucket, "0b", minio.RemoveObjectOptions{}); err != nil {
			return err
		}
		_, err := client.StatObject(ctx, bucket, "0b", minio.StatObjectOptions{})
		return check(minio.ToErrorResponse(err).Code == "NoSuchKey", "%v", err)
	})
	step("RemoveObjects", func() error {
		doomed := make(chan minio.ObjectInfo, 2)
		doomed <- minio.ObjectInfo{Key: "5b"}
		doomed <- minio.ObjectInfo{Key: "missing"}
		close(doomed)
		for failed := range client.RemoveObjects(ctx, bucket, doomed, minio.RemoveObjectsOptions{}) {
			return failed.Err
		}
		return nil
	})
	step("RemoveBucket that is not empty", func() error { return client.RemoveBucket(ctx, bucket) })
}

// beyond asks for what the contract does not have.
func beyond() {
	step("PutObject 20MiB multipart", func() error {
		size := 20 * miB
		_, err := client.PutObject(
			ctx, bucket, "multi", bytes.NewReader(random(size)), int64(size), minio.PutObjectOptions{})
		return err
	})
	step("PutObject of unknown size", func() error {
		_, err := client.PutObject(
			ctx, bucket, "unknown", bytes.NewReader(random(5)), -1, minio.PutObjectOptions{})
		return err
	})
	step("PutObject with a trailing checksum", func() error {
		trailing, err := minio.New(client.EndpointURL().Host, &minio.Options{
			Creds:           credentials.NewStaticV4("any", "anything", ""),
			TrailingHeaders: true,
		})
		if err != nil {
			return err
		}
		options := single
		options.Checksum = minio.ChecksumSHA256
		_, err = trailing.PutObject(ctx, bucket, "sum", bytes.NewReader(random(5)), 5, options)
		return err
	})
	step("PutObject if none is there", func() error {
		options := single
		options.SetMatchETagExcept("*")
		if _, err := client.PutObject(ctx, bucket, "new", bytes.NewReader(nil), 0, options); err != nil {
			return err
		}
		_, err := client.PutObject(ctx, bucket, "new", bytes.NewReader(nil), 0, options)
		return check(minio.ToErrorResponse(err).Code == "PreconditionFailed", "%v", err)
	})
	step("CopyObject", func() error {
		_, err := client.CopyObject(ctx,
			minio.CopyDestOptions{Bucket: bucket, Object: "copy"},
			minio.CopySrcOptions{Bucket: bucket, Object: "hundred"})
		return err
	})
	step("PutObject of a key that PFS cannot hold", func() error {
		_, err := client.PutObject(ctx, bucket, "a*b", bytes.NewReader(nil), 0, single)
		return err
	})
	step("GetBucketVersioning", func() error {
		_, err := client.GetBucketVersioning(ctx, bucket)
		return err
	})
}
