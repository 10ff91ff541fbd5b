package cmd

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// logFlags are the flags of commands that run for long.
type logFlags struct{ logLevel, logFormat string }

func (f *logFlags) declareLog(set *pflag.FlagSet) {
	defer heading(set, "Log")()
	set.StringVar(&f.logLevel, "log-level", "info", "`LEVEL` from which on is logged")
	choices(set, "log-level", "debug", "info", "warn", "error")
	set.StringVar(&f.logFormat, "log-format", "text", "`FORMAT` of the log")
	choices(set, "log-format", "text", "json")
}

// logger writes to w.
func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, fmt.Errorf("unknown log level %q: it is debug, info, warn or error", f.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("unknown log format %q: it is text or json", f.logFormat)
}
