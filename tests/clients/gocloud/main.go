// gocloud.dev's blob package with its driver for S3, at its defaults.
//
// Environment: ENDPOINT (http://host:port), BUCKET (to be made).
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

const mib = 1024 * 1024

var ctx = context.Background()

func main() {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "anything",
	} {
		must(os.Setenv(name, value))
	}
	must(makeBucket())
	bucket, err := blob.OpenBucket(ctx, "s3://"+os.Getenv("BUCKET")+"?"+url.Values{
		"endpoint":         {os.Getenv("ENDPOINT")},
		"region":           {"us-east-1"},
		"s3ForcePathStyle": {"true"},
	}.Encode())
	must(err)
	defer bucket.Close()
	show("write and read nothing", writeAndRead(bucket, "nothing", 0))
	show("write and read a little", writeAndRead(bucket, "little", 5))
	show("write and read 20 MiB", writeAndRead(bucket, "middling", 20*mib))
	show("write and read 200 MiB", writeAndRead(bucket, "large", 200*mib))
	show("stream of unknown size", writeAndRead(bucket, "stream", 20*mib+1))
	show("copy", copied(bucket))
	show("list", listed(bucket))
	show("range", ranged(bucket))
	show("write if none is there", conditional(bucket))
	show("a cancelled write leaves nothing", cancelled(bucket))
	show("delete", deleted(bucket))
}

// makeBucket goes by way of AWS's SDK: the package itself makes none.
func makeBucket() error {
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Getenv("ENDPOINT")),
		UsePathStyle: true,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("any", "anything", ""),
	})
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(os.Getenv("BUCKET"))})
	return err
}

// random is a stream of so many bytes, the same for the same size: no length is known to who reads it.
func random(size int) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{byte(size), byte(size >> 20)}), int64(size))
}

func digest(from io.Reader) ([32]byte, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, from)
	return [32]byte(sum.Sum(nil)), err
}

func writeAndRead(bucket *blob.Bucket, key string, size int) error {
	writer, err := bucket.NewWriter(ctx, key, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, random(size)); err != nil {
		return errors.Join(err, writer.Close())
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return holds(bucket, key, size)
}

// holds tells whether a key has the content that was written under that size.
func holds(bucket *blob.Bucket, key string, size int) error {
	reader, err := bucket.NewReader(ctx, key, nil)
	if err != nil {
		return err
	}
	defer reader.Close()
	if reader.Size() != int64(size) {
		return fmt.Errorf("it has %d bytes", reader.Size())
	}
	found, err := digest(reader)
	if err != nil {
		return err
	}
	sent, err := digest(random(size))
	if err == nil && found != sent {
		err = errors.New("what came back differs")
	}
	return err
}

func copied(bucket *blob.Bucket) error {
	if err := bucket.Copy(ctx, "copies/middling", "middling", nil); err != nil {
		return err
	}
	return holds(bucket, "copies/middling", 20*mib)
}

func listed(bucket *blob.Bucket) error {
	var keys []string
	all := bucket.List(&blob.ListOptions{Delimiter: "/"})
	for {
		one, err := all.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		keys = append(keys, one.Key)
	}
	if !slices.Equal(keys, []string{"copies/", "large", "little", "middling", "nothing", "stream"}) {
		return fmt.Errorf("there are %v", keys)
	}
	return nil
}

func ranged(bucket *blob.Bucket) error {
	reader, err := bucket.NewRangeReader(ctx, "middling", 1000, 10, nil)
	if err != nil {
		return err
	}
	defer reader.Close()
	found, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	begin, err := io.ReadAll(io.LimitReader(random(20*mib), 1010))
	if err == nil && !slices.Equal(found, begin[1000:]) {
		err = errors.New("what came back differs")
	}
	return err
}

func conditional(bucket *blob.Bucket) error {
	only := &blob.WriterOptions{IfNotExist: true}
	if err := bucket.WriteAll(ctx, "once", []byte("first"), only); err != nil {
		return err
	}
	err := bucket.WriteAll(ctx, "once", []byte("second"), only)
	if gcerrors.Code(err) != gcerrors.FailedPrecondition {
		return fmt.Errorf("the second write: %v", err)
	}
	found, err := bucket.ReadAll(ctx, "once")
	if err == nil && string(found) != "first" {
		err = fmt.Errorf("it holds %q", found)
	}
	return err
}

func cancelled(bucket *blob.Bucket) error {
	until, cancel := context.WithCancel(ctx)
	defer cancel()
	writer, err := bucket.NewWriter(until, "cancelled", nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, random(20*mib)); err != nil {
		return err
	}
	cancel()
	if writer.Close() == nil {
		return errors.New("it was written")
	}
	there, err := bucket.Exists(ctx, "cancelled")
	if err == nil && there {
		err = errors.New("it is there")
	}
	return err
}

func deleted(bucket *blob.Bucket) error {
	if err := bucket.Delete(ctx, "little"); err != nil {
		return err
	}
	there, err := bucket.Exists(ctx, "little")
	if err == nil && there {
		err = errors.New("it is still there")
	}
	return err
}

func show(step string, err error) {
	said := map[string]string{"step": step, "outcome": "works", "message": ""}
	if err != nil {
		said["message"] = err.Error()
		said["outcome"] = "wrong"
		var api smithy.APIError
		if errors.As(err, &api) {
			said["outcome"] = api.ErrorCode()
		}
	}
	must(json.NewEncoder(os.Stdout).Encode(said))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
