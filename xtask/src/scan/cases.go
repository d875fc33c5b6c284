// Prints the cases of detectors' tests that can be read without running them: `cases FOLDER` reads each `_test.go` below the folder,
// and evaluates the texts that a test gives to its detector, where they are made of constants.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type testCase struct {
	Detector string   `json:"detector"`
	Kind     string   `json:"kind"`
	Text     string   `json:"text"`
	Secrets  []string `json:"secrets"`
}

// What names stand for: those of the package, and those of a function over them.
type names map[string]ast.Expr

func (of names) text(expr ast.Expr, depth int) (string, bool) {
	if depth > 20 {
		return "", false
	}
	switch expr := expr.(type) {
	case *ast.BasicLit:
		if expr.Kind != token.STRING && expr.Kind != token.CHAR {
			return "", false
		}
		text, err := strconv.Unquote(expr.Value)
		return text, err == nil
	case *ast.Ident:
		known, found := of[expr.Name]
		if !found {
			return "", false
		}
		return of.text(known, depth+1)
	case *ast.ParenExpr:
		return of.text(expr.X, depth+1)
	case *ast.BinaryExpr:
		left, one := of.text(expr.X, depth+1)
		right, other := of.text(expr.Y, depth+1)
		return left + right, one && other && expr.Op == token.ADD
	case *ast.SliceExpr:
		text, found := of.text(expr.X, depth+1)
		from, to := 0, len(text)
		if expr.Low != nil {
			number, known := of.number(expr.Low, depth+1)
			from, found = number, found && known
		}
		if expr.High != nil {
			number, known := of.number(expr.High, depth+1)
			to, found = number, found && known
		}
		if !found || from < 0 || from > to || to > len(text) {
			return "", false
		}
		return text[from:to], true
	case *ast.CallExpr:
		return of.called(expr, depth)
	}
	return "", false
}

func (of names) called(call *ast.CallExpr, depth int) (string, bool) {
	name := ""
	switch function := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = function.Sel.Name
	case *ast.Ident:
		name = function.Name
	}
	switch {
	case name == "Sprintf" && len(call.Args) > 0:
		format, found := of.text(call.Args[0], depth+1)
		values := []any{}
		for _, argument := range call.Args[1:] {
			value, known := of.text(argument, depth+1)
			values, found = append(values, value), found && known
		}
		text := fmt.Sprintf(format, values...)
		return text, found && !strings.Contains(text, "%!")
	case name == "Repeat" && len(call.Args) == 2:
		text, found := of.text(call.Args[0], depth+1)
		count, known := of.number(call.Args[1], depth+1)
		if !found || !known || count < 0 || count > 1<<20 {
			return "", false
		}
		return strings.Repeat(text, count), true
	case name == "string" && len(call.Args) == 1:
		return of.text(call.Args[0], depth+1)
	}
	return "", false
}

func (of names) number(expr ast.Expr, depth int) (int, bool) {
	if depth > 20 {
		return 0, false
	}
	switch expr := expr.(type) {
	case *ast.BasicLit:
		number, err := strconv.Atoi(expr.Value)
		return number, err == nil
	case *ast.Ident:
		if known, found := of[expr.Name]; found {
			return of.number(known, depth+1)
		}
	case *ast.BinaryExpr:
		left, one := of.number(expr.X, depth+1)
		right, other := of.number(expr.Y, depth+1)
		switch expr.Op {
		case token.ADD:
			return left + right, one && other
		case token.SUB:
			return left - right, one && other
		}
	case *ast.CallExpr:
		if function, is := expr.Fun.(*ast.Ident); is && function.Name == "len" && len(expr.Args) == 1 {
			text, found := of.text(expr.Args[0], depth+1)
			return len(text), found
		}
	}
	return 0, false
}

func (of names) learn(node ast.Node) {
	ast.Inspect(node, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ValueSpec:
			for at, name := range node.Names {
				if at < len(node.Values) {
					of[name.Name] = node.Values[at]
				}
			}
		case *ast.AssignStmt:
			for at, left := range node.Lhs {
				if name, is := left.(*ast.Ident); is && node.Tok == token.DEFINE && at < len(node.Rhs) && len(node.Lhs) == len(node.Rhs) {
					of[name.Name] = node.Rhs[at]
				}
			}
		}
		return true
	})
}

// What of a list is a text.
func (of names) texts(expr ast.Expr) []string {
	texts := []string{}
	if list, is := expr.(*ast.CompositeLit); is {
		for _, element := range list.Elts {
			if text, found := of.text(element, 0); found {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

var out = json.NewEncoder(os.Stdout)

func (of names) cases(detector string, node ast.Node) {
	ast.Inspect(node, func(node ast.Node) bool {
		if call, is := node.(*ast.CallExpr); is && len(call.Args) >= 4 {
			if function, is := call.Fun.(*ast.SelectorExpr); is && function.Sel.Name == "AcceptDetector" {
				if text, found := of.text(call.Args[2], 0); found {
					_ = out.Encode(testCase{detector, "positive", text, []string{text}})
				}
			}
		}
		literal, is := node.(*ast.CompositeLit)
		if !is {
			return true
		}
		var input, want ast.Expr
		for _, element := range literal.Elts {
			if pair, is := element.(*ast.KeyValueExpr); is {
				if key, is := pair.Key.(*ast.Ident); is {
					switch key.Name {
					case "input":
						input = pair.Value
					case "want":
						want = pair.Value
					}
				}
			}
		}
		text, found := "", false
		if input != nil {
			text, found = of.text(input, 0)
		}
		if found && text != "" {
			list, is := want.(*ast.CompositeLit)
			kind := "negative"
			if is && len(list.Elts) > 0 {
				kind = "positive"
			} else if want != nil && !is {
				if name, is := want.(*ast.Ident); !is || name.Name != "nil" {
					return true
				}
			}
			_ = out.Encode(testCase{detector, kind, text, of.texts(want)})
		}
		return true
	})
}

func main() {
	root := os.Args[1]
	folders := map[string][]*ast.File{}
	_ = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") && !entry.IsDir() {
			if file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0); err == nil {
				folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], file)
			}
		}
		return nil
	})
	for folder, files := range folders {
		known := names{}
		for _, file := range files {
			for _, declaration := range file.Decls {
				if _, is := declaration.(*ast.GenDecl); is {
					known.learn(declaration)
				}
			}
		}
		detector, _ := filepath.Rel(root, folder)
		for _, file := range files {
			for _, declaration := range file.Decls {
				function, is := declaration.(*ast.FuncDecl)
				if !is {
					known.cases(detector, declaration)
					continue
				}
				inner := names{}
				for name, value := range known {
					inner[name] = value
				}
				inner.learn(function)
				inner.cases(detector, function)
			}
		}
	}
}
