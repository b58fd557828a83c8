// Reads manifests of the Prometheus Operator from standard input into the operator's own types.
// A field that they do not have, or of another type, ends it with status 1.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

func main() {
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		check(read(text))
	}
}

func read(text []byte) error {
	var named struct {
		Kind string `json:"kind"`
	}
	if err := strict.Unmarshal(text, &named); err != nil {
		return err
	}
	switch named.Kind {
	case "ServiceMonitor":
		return strict.UnmarshalStrict(text, &monitoring.ServiceMonitor{})
	case "PrometheusRule":
		return strict.UnmarshalStrict(text, &monitoring.PrometheusRule{})
	}
	return fmt.Errorf("%q is no kind of the operator's that is known here", named.Kind)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
