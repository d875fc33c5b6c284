// Client or server of the plan, with net/http's HTTP/2 (golang.org/x/net/http2) in plain text.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

type Call struct {
	ID              string            `json:"id"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	Headers         map[string]string `json:"headers"`
	Body            []byte            `json:"body"`
	Status          int               `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	Chunks          [][]byte          `json:"chunks"`
	DelayMs         int               `json:"delay_ms"`
	Trailers        map[string]string `json:"trailers"`
	Hints           bool              `json:"hints"`
	CancelAfter     int               `json:"cancel_after"`
}

type Entry struct {
	ID       string `json:"id"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Status   int    `json:"status"`
	Request  []byte `json:"request"`
	Response []byte `json:"response"`
	Outcome  string `json:"outcome"`
}

var (
	lock sync.Mutex
	out  *json.Encoder
)

func log(entry Entry) {
	lock.Lock()
	defer lock.Unlock()
	out.Encode(entry)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var groups [][]Call
	text, err := os.ReadFile(os.Args[2])
	check(err)
	check(json.Unmarshal(text, &groups))
	file, err := os.Create(os.Args[3])
	check(err)
	out = json.NewEncoder(file)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	if os.Args[1] == "server" {
		serve(groups, &protocols)
	} else {
		call(groups, &protocols, os.Args[4])
	}
}

func serve(groups [][]Call, protocols *http.Protocols) {
	calls := map[string]Call{}
	for _, group := range groups {
		for _, call := range group {
			calls[call.ID] = call
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	handler := func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body)
		call := calls[r.Header.Get("x-request-id")]
		entry := Entry{ID: call.ID, Method: r.Method, Path: r.URL.RequestURI(), Status: call.Status, Request: request, Outcome: "complete"}
		defer func() { log(entry) }()
		if call.Hints {
			w.Header().Set("link", "</v1/models>; rel=preload")
			w.WriteHeader(103)
			w.Header().Del("link")
		}
		for name, value := range call.ResponseHeaders {
			w.Header().Set(name, value)
		}
		w.Header().Set("x-request-id", call.ID)
		for name := range call.Trailers {
			w.Header().Add("trailer", name)
		}
		w.WriteHeader(call.Status)
		for _, chunk := range call.Chunks {
			time.Sleep(time.Duration(call.DelayMs) * time.Millisecond)
			if _, err := w.Write(chunk); err != nil {
				entry.Outcome = "cancelled"
				return
			}
			entry.Response = append(entry.Response, chunk...)
			w.(http.Flusher).Flush()
			if r.Context().Err() != nil {
				entry.Outcome = "cancelled"
				return
			}
		}
		for name, value := range call.Trailers {
			w.Header().Set(name, value)
		}
	}
	server := http.Server{Handler: http.HandlerFunc(handler), Protocols: protocols}
	go server.Serve(listener)
	os.Stdin.Read(make([]byte, 1)) // until the recorder has done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server.Shutdown(ctx)
}

func call(groups [][]Call, protocols *http.Protocols, port string) {
	transport := &http.Transport{Protocols: protocols, DisableCompression: true}
	client := http.Client{Transport: transport}
	for _, group := range groups {
		var wait sync.WaitGroup
		for _, call := range group {
			wait.Add(1)
			go func() {
				defer wait.Done()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				request, err := http.NewRequestWithContext(ctx, call.Method, "http://127.0.0.1:"+port+call.Path, bytes.NewReader(call.Body))
				check(err)
				for name, value := range call.Headers {
					request.Header.Set(name, value)
				}
				request.Header.Set("x-request-id", call.ID)
				response, err := client.Do(request)
				check(err)
				entry := Entry{ID: call.ID, Method: call.Method, Path: call.Path, Status: response.StatusCode, Request: call.Body, Outcome: "complete"}
				if call.CancelAfter > 0 {
					entry.Response = make([]byte, call.CancelAfter)
					_, err = io.ReadFull(response.Body, entry.Response)
					check(err)
					entry.Outcome = "cancelled"
					cancel()
				} else {
					entry.Response, err = io.ReadAll(response.Body)
					check(err)
				}
				response.Body.Close()
				log(entry)
			}()
		}
		wait.Wait()
	}
	time.Sleep(50 * time.Millisecond)
	transport.CloseIdleConnections()
	time.Sleep(50 * time.Millisecond)
}
