// Requests of Go's net/http, in the forms that its users send. Arguments: a URL, and one with TLS, or none.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
)

// A reader without a length, so that its body is sent in pieces.
type pieces struct{ io.Reader }

func send(client *http.Client, url string, name string, method string, body io.Reader) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		panic(err)
	}
	response, err := client.Do(request)
	if err != nil {
		fmt.Printf("%s\t0\t%s\n", name, err)
		return
	}
	text, _ := io.ReadAll(response.Body)
	response.Body.Close()
	fmt.Printf("%s, %s\t%d\t%s\n", name, response.Proto, response.StatusCode, text)
}

func main() {
	if len(os.Args) == 1 {
		fmt.Println(runtime.Version())
		return
	}
	for _, url := range os.Args[1:] {
		client := &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		}}
		send(client, url, "GET 0", "GET", nil)
		send(client, url, "POST 5", "POST", strings.NewReader("hello"))
		send(client, url, "POST 5, in pieces", "POST", pieces{strings.NewReader("hello")})
		send(client, url, "POST 0", "POST", nil)
		send(client, url, "POST 0, empty", "POST", strings.NewReader(""))
		send(client, url, "POST 0, in no pieces", "POST", pieces{strings.NewReader("")})
	}
}
