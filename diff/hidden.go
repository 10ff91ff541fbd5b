package diff

import (
	"slices"
	"strings"
)

// hiddenFields are the names of fields that hold private keys and passwords, in any object.
var hiddenFields = []string{
	"access_key_secret", "auth_token", "client_key", "client_secret", "hmac_secret", "key_encrypt_salt", "passphrase",
	"password", "private_key", "secret", "secret_access_key", "secret_key", "session_secret", "token",
}

// keyHolders are the sections whose objects hold secrets in fields called key and keys, which are something else elsewhere.
var keyHolders = []string{"ssls", "consumers", "secrets"}

// hidden are the fields with marks in the place of secrets. A diff ends up in comments and logs, and says that a key has
// changed, not which it was.
func hidden(section string, fields []Field) []Field {
	out := slices.Clone(fields)
	for i, f := range out {
		name := strings.TrimRight(f.Path, "[]0123456789")
		name = name[strings.LastIndexByte(name, '.')+1:]
		key := (name == "key" || name == "keys") && slices.Contains(keyHolders, section)
		if key || slices.Contains(hiddenFields, name) || holdsSecret(section, f) {
			out[i].Old, out[i].New = marked(f.Old, "(hidden)"), marked(f.New, "(hidden)")
			if f.Old != "" && f.New != "" {
				out[i].New = "(hidden, another)"
			}
		}
	}
	return out
}

// holdsSecret says whether a value that is there as a whole on one side alone has a secret within.
func holdsSecret(section string, f Field) bool {
	for _, text := range []string{f.Old, f.New} {
		for _, name := range hiddenFields {
			if strings.Contains(text, `"`+name+`":`) {
				return true
			}
		}
		if slices.Contains(keyHolders, section) && (strings.Contains(text, `"key":`) || strings.Contains(text, `"keys":`)) {
			return true
		}
	}
	return false
}

func marked(text, mark string) string {
	if text == "" {
		return ""
	}
	return mark
}
