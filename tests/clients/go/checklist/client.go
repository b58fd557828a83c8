// Package checklist takes a Go client through the steps that every client is taken through.
//
// The steps, their order and their names are those of tests/clients/checklist.py.
package checklist

import "errors"

// ErrNotOffered says that a client has nothing that does a step: it is left out.
var ErrNotOffered = errors.New("not offered")

// Client is what the checklist asks of a client.
type Client interface {
	MakeBucket(bucket string) error
	BucketExists(bucket string) (bool, error)
	Buckets() ([]string, error)
	Location(bucket string) (string, error)
	RemoveBucket(bucket string) error

	Put(key string, content []byte) error
	Get(key string) ([]byte, error)
	Stat(key string) (Stat, error)
	GetRange(key string, first, last int64) ([]byte, error)
	Upload(path, key string) error
	Download(key, path string) error
	Delete(key string) error
	DeleteMany(keys []string) error
	PresignedGet(key string) (string, error)
	PresignedPut(key string) (string, error)

	PutIfNoneIsThere(key string, content []byte) error
	PutIfUnchanged(key string, content []byte, etag string) error
	// GetIfChanged gives nothing if the object still has this ETag.
	GetIfChanged(key, etag string) ([]byte, error)
	PutWithChecksums(key string, content []byte) error
	PutWithMetadata(key string, content []byte, contentType, name, value string) error

	Keys(bucket string) ([]string, error)
	Level(prefix string) ([]string, error)
	KeysInPages(page int) ([]string, error)
	KeysByVersion1() ([]string, error)

	Multipart(key string, content []byte) error
	Stream(key string, content []byte) error
	Copy(source, target string) error
	MakePublic(key string) error
	Tag(key string) error
	TurnVersioningOn() error
	Versions() error

	// CodeOf is the error code that one of the client's errors shows.
	CodeOf(err error) string
}

// Stat is what a client shows of an object.
type Stat struct {
	Size int64
	ETag string
	// Shown is everything else.
	Shown string
}
