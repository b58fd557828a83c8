// minio-go, in the shape of the checklist.
//
// Environment: ENDPOINT (http://host:port), BUCKET (to be made and removed).
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"clients/checklist"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"
)

var ctx = context.Background()

// onePut is what turns multipart uploads off.
var onePut = minio.PutObjectOptions{DisableMultipart: true}

type client struct {
	*minio.Client
	bucket  string
	options minio.Options
}

func main() {
	endpoint, err := url.Parse(os.Getenv("ENDPOINT"))
	if err != nil {
		panic(err)
	}
	options := minio.Options{Creds: credentials.NewStaticV4("any", "anything", "")}
	made, err := minio.New(endpoint.Host, &options)
	if err != nil {
		panic(err)
	}
	bucket := os.Getenv("BUCKET")
	checklist.Run(&client{made, bucket, options}, bucket)
}

func (c *client) CodeOf(err error) string {
	var response minio.ErrorResponse
	if errors.As(err, &response) {
		return response.Code
	}
	return "no code"
}

func (c *client) MakeBucket(bucket string) error {
	return c.Client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{})
}

func (c *client) BucketExists(bucket string) (bool, error) {
	return c.Client.BucketExists(ctx, bucket)
}

func (c *client) Buckets() ([]string, error) {
	found, err := c.ListBuckets(ctx)
	names := []string{}
	for _, bucket := range found {
		names = append(names, bucket.Name)
	}
	return names, err
}

func (c *client) Location(bucket string) (string, error) {
	return c.GetBucketLocation(ctx, bucket)
}

func (c *client) RemoveBucket(bucket string) error {
	return c.Client.RemoveBucket(ctx, bucket)
}

func (c *client) put(key string, content []byte, options minio.PutObjectOptions) error {
	size := int64(len(content))
	_, err := c.PutObject(ctx, c.bucket, key, bytes.NewReader(content), size, options)
	return err
}

func (c *client) Put(key string, content []byte) error {
	return c.put(key, content, onePut)
}

func (c *client) get(key string, options minio.GetObjectOptions) ([]byte, error) {
	object, err := c.GetObject(ctx, c.bucket, key, options)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return io.ReadAll(object)
}

func (c *client) Get(key string) ([]byte, error) {
	return c.get(key, minio.GetObjectOptions{})
}

func (c *client) Stat(key string) (checklist.Stat, error) {
	stat, err := c.StatObject(ctx, c.bucket, key, minio.StatObjectOptions{})
	if err == nil && stat.LastModified.IsZero() {
		err = errors.New("no Last-Modified")
	}
	return checklist.Stat{Size: stat.Size, ETag: stat.ETag, Shown: fmt.Sprintf("%+v", stat)}, err
}

func (c *client) GetRange(key string, first, last int64) ([]byte, error) {
	options := minio.GetObjectOptions{}
	if err := options.SetRange(first, last); err != nil {
		return nil, err
	}
	return c.get(key, options)
}

func (c *client) Upload(path, key string) error {
	_, err := c.FPutObject(ctx, c.bucket, key, path, onePut)
	return err
}

func (c *client) Download(key, path string) error {
	return c.FGetObject(ctx, c.bucket, key, path, minio.GetObjectOptions{})
}

func (c *client) Delete(key string) error {
	return c.RemoveObject(ctx, c.bucket, key, minio.RemoveObjectOptions{})
}

func (c *client) DeleteMany(keys []string) error {
	doomed := make(chan minio.ObjectInfo, len(keys))
	for _, key := range keys {
		doomed <- minio.ObjectInfo{Key: key}
	}
	close(doomed)
	for failed := range c.RemoveObjects(ctx, c.bucket, doomed, minio.RemoveObjectsOptions{}) {
		return failed.Err
	}
	return nil
}

func (c *client) PresignedGet(key string) (string, error) {
	url, err := c.PresignedGetObject(ctx, c.bucket, key, time.Minute, nil)
	if err != nil {
		return "", err
	}
	return url.String(), nil
}

func (c *client) PresignedPut(key string) (string, error) {
	url, err := c.PresignedPutObject(ctx, c.bucket, key, time.Minute)
	if err != nil {
		return "", err
	}
	return url.String(), nil
}

func (c *client) PutIfNoneIsThere(key string, content []byte) error {
	options := onePut
	options.SetMatchETagExcept("*")
	return c.put(key, content, options)
}

func (c *client) PutIfUnchanged(key string, content []byte, etag string) error {
	options := onePut
	options.SetMatchETag(etag)
	return c.put(key, content, options)
}

func (c *client) GetIfChanged(key, etag string) ([]byte, error) {
	options := minio.GetObjectOptions{}
	if err := options.SetMatchETagExcept(etag); err != nil {
		return nil, err
	}
	content, err := c.get(key, options)
	var response minio.ErrorResponse
	if errors.As(err, &response) && response.StatusCode == http.StatusNotModified {
		return nil, nil
	}
	return content, err
}

// PutWithChecksums sends each in the trailer of a signed body, as minio-go does it.
func (c *client) PutWithChecksums(key string, content []byte) error {
	options := c.options
	options.TrailingHeaders = true
	made, err := minio.New(c.EndpointURL().Host, &options)
	if err != nil {
		return err
	}
	trailing := client{made, c.bucket, options}
	for _, algorithm := range []minio.ChecksumType{minio.ChecksumCRC32, minio.ChecksumCRC32C,
		minio.ChecksumCRC64NVME, minio.ChecksumSHA1, minio.ChecksumSHA256} {
		put := onePut
		put.Checksum = algorithm
		if err := trailing.put(key, content, put); err != nil {
			return fmt.Errorf("%s: %w", algorithm, err)
		}
	}
	return nil
}

func (c *client) PutWithMetadata(key string, content []byte, contentType, name, value string) error {
	options := onePut
	options.ContentType = contentType
	options.UserMetadata = map[string]string{name: value}
	return c.put(key, content, options)
}

func (c *client) listed(bucket string, options minio.ListObjectsOptions) ([]string, error) {
	keys := []string{}
	for object := range c.ListObjects(ctx, bucket, options) {
		if object.Err != nil {
			return nil, object.Err
		}
		keys = append(keys, object.Key)
	}
	return keys, nil
}

func (c *client) Keys(bucket string) ([]string, error) {
	return c.listed(bucket, minio.ListObjectsOptions{Recursive: true})
}

func (c *client) Level(prefix string) ([]string, error) {
	return c.listed(c.bucket, minio.ListObjectsOptions{Prefix: prefix})
}

func (c *client) KeysInPages(page int) ([]string, error) {
	return c.listed(c.bucket, minio.ListObjectsOptions{Recursive: true, MaxKeys: page})
}

func (c *client) KeysByVersion1() ([]string, error) {
	return c.listed(c.bucket, minio.ListObjectsOptions{Recursive: true, MaxKeys: 2, UseV1: true})
}

func (c *client) Multipart(key string, content []byte) error {
	return c.put(key, content, minio.PutObjectOptions{})
}

func (c *client) Stream(key string, content []byte) error {
	_, err := c.PutObject(ctx, c.bucket, key, bytes.NewReader(content), -1, minio.PutObjectOptions{})
	return err
}

func (c *client) Copy(source, target string) error {
	_, err := c.CopyObject(ctx,
		minio.CopyDestOptions{Bucket: c.bucket, Object: target},
		minio.CopySrcOptions{Bucket: c.bucket, Object: source})
	return err
}

func (c *client) MakePublic(key string) error {
	return c.SetBucketPolicy(ctx, c.bucket, `{"Version": "2012-10-17", "Statement": []}`)
}

func (c *client) Tag(key string) error {
	colour, err := tags.NewTags(map[string]string{"colour": "blue"}, true)
	if err != nil {
		return err
	}
	return c.PutObjectTagging(ctx, c.bucket, key, colour, minio.PutObjectTaggingOptions{})
}

func (c *client) TurnVersioningOn() error {
	return c.EnableVersioning(ctx, c.bucket)
}

func (c *client) Versions() error {
	_, err := c.listed(c.bucket, minio.ListObjectsOptions{WithVersions: true})
	return err
}
