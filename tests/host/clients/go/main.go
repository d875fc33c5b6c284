// Makes calls with the official client: CALLS times a plain one and a streamed one, one after the other, over HTTP/1.1 or HTTP/2.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func main() {
	calls, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if os.Args[2] == "http1" {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		transport.TLSClientConfig = &tls.Config{NextProtos: []string{"http/1.1"}}
	}
	client := openai.NewClient(
		option.WithHTTPClient(&http.Client{Transport: transport}),
		option.WithHeader("x-test-pid", strconv.Itoa(os.Getpid())),
		option.WithMaxRetries(0),
	)
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")}
	for range calls {
		answer, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
			Model: "gpt-4o", Messages: messages,
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.ID)
		stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
			Model: "gpt-4o-mini", Messages: messages,
			StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
		})
		id := ""
		for stream.Next() {
			id = stream.Current().ID
		}
		if stream.Err() != nil {
			log.Fatal(stream.Err())
		}
		fmt.Println(id)
	}
}
