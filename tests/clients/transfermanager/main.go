// The transfer manager of AWS's SDK for Go, at its defaults.
//
// Environment: ENDPOINT (http://host:port), BUCKET (to be made).
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const mib = 1024 * 1024

var ctx = context.Background()

type outcome struct {
	Step    string `json:"step"`
	Outcome string `json:"outcome"`
	Message string `json:"message"`
}

// unsized is a stream that tells nobody how long it is, and cannot be rewound.
type unsized struct{ io.Reader }

func main() {
	bucket := aws.String(os.Getenv("BUCKET"))
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Getenv("ENDPOINT")),
		UsePathStyle: true,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("any", "anything", ""),
	})
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		panic(err)
	}
	manager := transfermanager.New(client)
	show("write and read nothing", there(manager, bucket, 0, false))
	show("write and read a little", there(manager, bucket, 5, false))
	show("write and read 20 MiB", there(manager, bucket, 20*mib, false))
	show("write and read 200 MiB", there(manager, bucket, 200*mib, false))
	show("stream of unknown size", there(manager, bucket, 20*mib+1, true))
}

// there uploads so many bytes, and compares what comes back with them.
func there(manager *transfermanager.Client, bucket *string, size int, stream bool) error {
	content := make([]byte, size)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	var body io.Reader = bytes.NewReader(content)
	if stream {
		body = unsized{body}
	}
	key := aws.String(fmt.Sprint(size))
	if _, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: bucket, Key: key, Body: body,
	}); err != nil {
		return err
	}
	found, err := manager.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		return err
	}
	back, err := io.ReadAll(found.Body)
	if err == nil && !bytes.Equal(back, content) {
		err = errors.New("what came back differs")
	}
	return err
}

func show(step string, err error) {
	said := outcome{Step: step, Outcome: "works"}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		said.Outcome, said.Message = api.ErrorCode(), err.Error()
	case err != nil:
		said.Outcome, said.Message = "wrong", err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
}
