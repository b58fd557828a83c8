// AWS's SDK for Go, version 2, in the shape of the checklist.
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
	"os"
	"strings"
	"time"

	"clients/checklist"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

type client struct {
	s3     *s3.Client
	bucket *string
}

func main() {
	settings, err := config.LoadDefaultConfig(ctx,
		config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider("any", "anything", "")))
	if err != nil {
		panic(err)
	}
	made := s3.NewFromConfig(settings, func(options *s3.Options) {
		options.BaseEndpoint = aws.String(os.Getenv("ENDPOINT"))
		options.UsePathStyle = true
	})
	bucket := os.Getenv("BUCKET")
	checklist.Run(&client{made, &bucket}, bucket)
}

func (c *client) CodeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "no code"
}

func (c *client) MakeBucket(bucket string) error {
	_, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	return err
}

func (c *client) BucketExists(bucket string) (bool, error) {
	_, err := c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	var missing *types.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

func (c *client) Buckets() ([]string, error) {
	found, err := c.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, bucket := range found.Buckets {
		names = append(names, *bucket.Name)
	}
	return names, nil
}

func (c *client) Location(bucket string) (string, error) {
	found, err := c.s3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket})
	if err != nil {
		return "", err
	}
	return string(found.LocationConstraint), nil
}

func (c *client) RemoveBucket(bucket string) error {
	_, err := c.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
	return err
}

func (c *client) object(key string, content []byte) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: c.bucket, Key: &key, Body: bytes.NewReader(content)}
}

func (c *client) put(input *s3.PutObjectInput) error {
	_, err := c.s3.PutObject(ctx, input)
	return err
}

func (c *client) Put(key string, content []byte) error {
	return c.put(c.object(key, content))
}

func (c *client) get(input *s3.GetObjectInput) ([]byte, error) {
	got, err := c.s3.GetObject(ctx, input)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	return io.ReadAll(got.Body)
}

func (c *client) Get(key string) ([]byte, error) {
	return c.get(&s3.GetObjectInput{Bucket: c.bucket, Key: &key})
}

func (c *client) Stat(key string) (checklist.Stat, error) {
	found, err := c.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: c.bucket, Key: &key})
	if err != nil {
		return checklist.Stat{}, err
	}
	shown := fmt.Sprintf("%s %v", aws.ToString(found.ContentType), found.Metadata)
	return checklist.Stat{Size: *found.ContentLength, ETag: *found.ETag, Shown: shown}, nil
}

func (c *client) GetRange(key string, first, last int64) ([]byte, error) {
	span := fmt.Sprintf("bytes=%d-%d", first, last)
	return c.get(&s3.GetObjectInput{Bucket: c.bucket, Key: &key, Range: &span})
}

func (c *client) Upload(path, key string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return c.put(&s3.PutObjectInput{Bucket: c.bucket, Key: &key, Body: file})
}

func (c *client) Download(key, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = manager.NewDownloader(c.s3).Download(
		ctx, file, &s3.GetObjectInput{Bucket: c.bucket, Key: &key})
	return err
}

func (c *client) Delete(key string) error {
	_, err := c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: c.bucket, Key: &key})
	return err
}

func (c *client) DeleteMany(keys []string) error {
	doomed := types.Delete{}
	for _, key := range keys {
		doomed.Objects = append(doomed.Objects, types.ObjectIdentifier{Key: &key})
	}
	answer, err := c.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: c.bucket, Delete: &doomed})
	if err == nil && len(answer.Errors) > 0 {
		err = errors.New(*answer.Errors[0].Message)
	}
	return err
}

func (c *client) PresignedGet(key string) (string, error) {
	request, err := s3.NewPresignClient(c.s3).PresignGetObject(
		ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: &key}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		return "", err
	}
	return request.URL, nil
}

func (c *client) PresignedPut(key string) (string, error) {
	request, err := s3.NewPresignClient(c.s3).PresignPutObject(
		ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: &key}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		return "", err
	}
	return request.URL, nil
}

func (c *client) PutIfNoneIsThere(key string, content []byte) error {
	input := c.object(key, content)
	input.IfNoneMatch = aws.String("*")
	return c.put(input)
}

func (c *client) PutIfUnchanged(key string, content []byte, etag string) error {
	input := c.object(key, content)
	input.IfMatch = &etag
	return c.put(input)
}

func (c *client) GetIfChanged(key, etag string) ([]byte, error) {
	content, err := c.get(&s3.GetObjectInput{Bucket: c.bucket, Key: &key, IfNoneMatch: &etag})
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotModified {
		return nil, nil
	}
	return content, err
}

func (c *client) PutWithChecksums(key string, content []byte) error {
	for _, algorithm := range types.ChecksumAlgorithm("").Values() {
		if !computed[algorithm] {
			continue
		}
		input := c.object(key, content)
		input.ChecksumAlgorithm = algorithm
		if err := c.put(input); err != nil {
			return fmt.Errorf("%s: %w", algorithm, err)
		}
	}
	return nil
}

// computed are the checksums that the SDK itself can compute.
var computed = map[types.ChecksumAlgorithm]bool{
	types.ChecksumAlgorithmCrc32: true, types.ChecksumAlgorithmCrc32c: true,
	types.ChecksumAlgorithmCrc64nvme: true, types.ChecksumAlgorithmSha1: true,
	types.ChecksumAlgorithmSha256: true,
}

func (c *client) PutWithMetadata(key string, content []byte, contentType, name, value string) error {
	input := c.object(key, content)
	input.ContentType = &contentType
	input.Metadata = map[string]string{name: value}
	return c.put(input)
}

func (c *client) pages(input *s3.ListObjectsV2Input) ([]string, error) {
	keys := []string{}
	for pages := s3.NewListObjectsV2Paginator(c.s3, input); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
		for _, directory := range page.CommonPrefixes {
			keys = append(keys, *directory.Prefix)
		}
	}
	return keys, nil
}

func (c *client) Keys(bucket string) ([]string, error) {
	return c.pages(&s3.ListObjectsV2Input{Bucket: &bucket})
}

func (c *client) Level(prefix string) ([]string, error) {
	delimiter := "/"
	return c.pages(&s3.ListObjectsV2Input{Bucket: c.bucket, Prefix: &prefix, Delimiter: &delimiter})
}

func (c *client) KeysInPages(page int) ([]string, error) {
	return c.pages(&s3.ListObjectsV2Input{Bucket: c.bucket, MaxKeys: aws.Int32(int32(page))})
}

func (c *client) KeysByVersion1() ([]string, error) {
	found, err := c.s3.ListObjects(ctx, &s3.ListObjectsInput{Bucket: c.bucket})
	if err != nil {
		return nil, err
	}
	keys := []string{}
	for _, object := range found.Contents {
		keys = append(keys, *object.Key)
	}
	return keys, nil
}

func (c *client) Multipart(key string, content []byte) error {
	_, err := manager.NewUploader(c.s3).Upload(ctx, c.object(key, content))
	return err
}

// Stream holds what it gets in one part of the uploader, which then is one PUT.
func (c *client) Stream(key string, content []byte) error {
	uploader := manager.NewUploader(c.s3, func(u *manager.Uploader) { u.PartSize = 64 << 20 })
	input := c.object(key, nil)
	input.Body = io.LimitReader(strings.NewReader(string(content)), int64(len(content)))
	_, err := uploader.Upload(ctx, input)
	return err
}

func (c *client) Copy(source, target string) error {
	from := *c.bucket + "/" + source
	_, err := c.s3.CopyObject(
		ctx, &s3.CopyObjectInput{Bucket: c.bucket, Key: &target, CopySource: &from})
	return err
}

func (c *client) MakePublic(key string) error {
	_, err := c.s3.PutObjectAcl(ctx, &s3.PutObjectAclInput{
		Bucket: c.bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	return err
}

func (c *client) Tag(key string) error {
	colour := types.Tag{Key: aws.String("colour"), Value: aws.String("blue")}
	_, err := c.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{
		Bucket: c.bucket, Key: &key, Tagging: &types.Tagging{TagSet: []types.Tag{colour}}})
	return err
}

func (c *client) TurnVersioningOn() error {
	_, err := c.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: c.bucket,
		VersioningConfiguration: &types.VersioningConfiguration{
			Status: types.BucketVersioningStatusEnabled}})
	return err
}

func (c *client) Versions() error {
	_, err := c.s3.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: c.bucket})
	return err
}
