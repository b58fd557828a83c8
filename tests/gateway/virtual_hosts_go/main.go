// minio-go with the bucket in the Host: makes, fills, reads and removes the bucket BUCKET at ENDPOINT.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Names below localhost are this machine's, and not every system resolves them.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

func run(ctx context.Context, bucket string) error {
	transport := &http.Transport{DialContext: dial}
	client, err := minio.New(os.Getenv("ENDPOINT"), &minio.Options{
		Creds:        credentials.NewStaticV4("any", "anything", ""),
		BucketLookup: minio.BucketLookupDNS,
		Transport:    transport,
	})
	if err != nil {
		return err
	}
	if err := client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		return fmt.Errorf("MakeBucket: %w", err)
	}
	content := "hello"
	_, err = client.PutObject(ctx, bucket, "a/b", strings.NewReader(content), int64(len(content)),
		minio.PutObjectOptions{DisableMultipart: true})
	if err != nil {
		return fmt.Errorf("PutObject: %w", err)
	}
	object, err := client.GetObject(ctx, bucket, "a/b", minio.GetObjectOptions{})
	if err != nil {
		return fmt.Errorf("GetObject: %w", err)
	}
	if got, err := io.ReadAll(object); err != nil || string(got) != content {
		return fmt.Errorf("GetObject: %q, %w", got, err)
	}
	url, err := client.PresignedGetObject(ctx, bucket, "a/b", 60_000_000_000, nil)
	if err != nil {
		return fmt.Errorf("PresignedGetObject: %w", err)
	}
	if !strings.HasPrefix(url.Host, bucket+".localhost:") {
		return fmt.Errorf("the bucket is not in the host: %s", url)
	}
	answer, err := (&http.Client{Transport: transport}).Get(url.String())
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("presigned: %v, %w", answer, err)
	}
	for found := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
		if found.Err != nil || found.Key != "a/b" {
			return fmt.Errorf("ListObjects: %q, %w", found.Key, found.Err)
		}
	}
	if err := client.RemoveObject(ctx, bucket, "a/b", minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("RemoveObject: %w", err)
	}
	if err := client.RemoveBucket(ctx, bucket); err != nil {
		return fmt.Errorf("RemoveBucket: %w", err)
	}
	return nil
}

func main() {
	if err := run(context.Background(), os.Getenv("BUCKET")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
