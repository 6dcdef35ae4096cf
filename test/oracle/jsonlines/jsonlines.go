// Package jsonlines reads one JSON question per line on stdin and writes one JSON answer per line on stdout, in the same
// order, until stdin ends.
package jsonlines

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Serve ends the process with code 2 if a question cannot be answered.
func Serve[Question, Answer any](answer func(Question) (Answer, error)) {
	if err := serve(os.Stdin, os.Stdout, answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func serve[Question, Answer any](in io.Reader, out io.Writer, answer func(Question) (Answer, error)) error {
	questions := bufio.NewReader(in)
	answers := bufio.NewWriter(out)
	encoder := json.NewEncoder(answers)
	for {
		line, err := questions.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return answers.Flush()
		}
		if err != nil {
			return err
		}
		var question Question
		if err := json.Unmarshal(line, &question); err != nil {
			return fmt.Errorf("a question is not JSON: %w", err)
		}
		reply, err := answer(question)
		if err != nil {
			return err
		}
		if err := encoder.Encode(reply); err != nil {
			return err
		}
		if questions.Buffered() > 0 {
			continue // The next question is here already, so answers are written together.
		}
		if err := answers.Flush(); err != nil {
			return err
		}
	}
}
