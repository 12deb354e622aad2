/* Strings of JSON: judged by the gate, decoded by the reader (proto/json_gate.h). */
#ifndef PROTO_JSON_STR_H
#define PROTO_JSON_STR_H

#include <stddef.h>

/*
 * Judges the string whose opening quote stands at S[*POS] and sets *POS behind its closing one.
 * NULL, or why it is refused, with *AT the offset of the offending byte.
 */
const char *json_string(const char *s, size_t len, size_t *pos, size_t *at);

#endif
