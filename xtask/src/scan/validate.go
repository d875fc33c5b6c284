// Takes the place of gitleaks' own file of this name in a copy of the module: instead of checking the cases of each rule, it
// prints them.
package utils

import (
	"encoding/json"
	"os"

	"github.com/zricethezav/gitleaks/v8/config"
)

type testCase struct {
	Rule string `json:"rule"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

var cases = json.NewEncoder(os.Stderr)

func Validate(rule config.Rule, positive []string, negative []string) *config.Rule {
	for _, text := range positive {
		_ = cases.Encode(testCase{rule.RuleID, "positive", text})
	}
	for _, text := range negative {
		_ = cases.Encode(testCase{rule.RuleID, "negative", text})
	}
	return &rule
}

func ValidateWithPaths(rule config.Rule, positive map[string]string, negative map[string]string) *config.Rule {
	for _, text := range positive {
		_ = cases.Encode(testCase{rule.RuleID, "positive", text})
	}
	for _, text := range negative {
		_ = cases.Encode(testCase{rule.RuleID, "negative", text})
	}
	return &rule
}
