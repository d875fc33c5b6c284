// Makes calls with the official client, one after the other: client http1|http2 [STEP]..., a STEP being `plain`, `stream` or `other`
// (no LLM call). Without any, each line of standard input is one.
package main

import (
	"bufio"
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

var messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")}

func plain(client openai.Client) (string, error) {
	answer, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
		Model: "gpt-4o", Messages: messages,
	})
	if err != nil {
		return "", err
	}
	return answer.ID, nil
}

func stream(client openai.Client) (string, error) {
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", Messages: messages,
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	})
	id := ""
	for stream.Next() {
		id = stream.Current().ID
	}
	return id, stream.Err()
}

func other(client openai.Client) (string, error) {
	// The mock has no models.
	_, err := client.Models.List(context.Background())
	if err == nil {
		return "", fmt.Errorf("there are models")
	}
	return "none", nil
}

func main() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if os.Args[1] == "http1" {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		transport.TLSClientConfig = &tls.Config{NextProtos: []string{"http/1.1"}}
	}
	client := openai.NewClient(
		option.WithHTTPClient(&http.Client{Transport: transport}),
		option.WithHeader("x-test-pid", strconv.Itoa(os.Getpid())),
		option.WithMaxRetries(0),
	)
	steps := map[string]func(openai.Client) (string, error){"plain": plain, "stream": stream, "other": other}
	do := func(step string) {
		id, err := steps[step](client)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", step, id)
	}
	for _, step := range os.Args[2:] {
		do(step)
	}
	if len(os.Args) == 2 {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			do(lines.Text())
		}
	}
}
