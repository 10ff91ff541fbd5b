-- Reads the server name of a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3) from the first bytes of a connection.
--
-- Stock APISIX reads it where it terminates TLS, not where it passes TLS on; nginx's ssl_preread would stall all
-- connections of a listener whose server speaks first. Loaded by require(). A pure function of bytes: no sockets here.
--
-- What is no well-formed ClientHello is "plain", as Envoy's tls_inspector has it; among it are SSL 2.0's hellos.

local byte = string.byte
local sub = string.sub

local HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME = 22, 1, 0, 0
local MAX_RECORD = 16384
local MAX_NAME = 255
-- Clients use one record, or a few. Every byte in a record of its own is nothing but work for us.
local MAX_RECORDS = 64

local _M = {
    -- Of the bytes that are looked at: nginx's preread_buffer_size, beyond which it ends the connection itself.
    MAX = 16384,
}


-- The number in size bytes from at on, nil where data ends before.
local function number(data, at, size)
    if at + size - 1 > #data then
        return nil
    end
    local n = 0
    for i = at, at + size - 1 do
        n = n * 256 + byte(data, i)
    end
    return n
end


-- The place behind a vector: its length in size bytes, then as many bytes. nil where data ends before.
local function skip(data, at, size)
    local length = number(data, at, size)
    if not length or at + size + length - 1 > #data then
        return nil
    end
    return at + size + length
end


-- The host name of a server_name extension; nil for none that a name can be matched with, false for a malformed one.
local function host_name(data)
    local last = skip(data, 1, 2)
    if not last or last ~= #data + 1 or number(data, 3, 1) ~= HOST_NAME then
        return false
    end
    local behind = skip(data, 4, 2)
    if not behind then
        return false
    end
    local name = sub(data, 6, behind - 1)
    if name == "" or #name > MAX_NAME or name:find("%z") then
        return nil
    end
    return name:lower()
end


-- The server name among extensions; nil for none, false where they are malformed.
local function find_name(data)
    local at = 1
    while at <= #data do
        local behind = skip(data, at + 2, 2)
        if not behind then
            return false
        end
        if number(data, at, 2) == SERVER_NAME then
            return host_name(sub(data, at + 4, behind - 1))
        end
        at = behind
    end
    return nil
end


-- body: a whole ClientHello without its header. Version and random come first, then the vectors of session id, cipher
-- suites and compression methods, then the extensions, which old clients leave out.
local function read_body(body)
    local at = skip(body, 35, 1)
    at = at and skip(body, at, 2)
    at = at and skip(body, at, 1)
    if not at then
        return "plain"
    end
    if at == #body + 1 then
        return "tls"
    end
    if skip(body, at, 2) ~= #body + 1 then
        return "plain"
    end
    local name = find_name(sub(body, at + 2))
    if name == false then
        return "plain"
    end
    return "tls", name
end


-- What the first bytes of a connection are:
--   "more", n     cannot be told from data; n bytes from the start will tell, or tell more
--   "tls", name   a ClientHello, and the server name in lower case, nil if it has none
--   "plain"       no TLS
-- The hello may span records, and each record may come in pieces. A client may announce a hello of any size: that n is
-- not above MAX is the caller's to check.
function _M.read(data)
    local hello, at = "", 1
    for _ = 1, MAX_RECORDS do
        if byte(data, at) and byte(data, at) ~= HANDSHAKE then
            return "plain"
        end
        local length = number(data, at + 3, 2)
        if not length then
            return "more", #data == 0 and 1 or at + 4
        end
        if byte(data, at + 1) ~= 3 or length == 0 or length > MAX_RECORD then
            return "plain"
        end
        hello = hello .. sub(data, at + 5, at + 4 + length)
        if byte(hello, 1) and byte(hello, 1) ~= CLIENT_HELLO then
            return "plain"
        end
        local size = number(hello, 2, 3)
        if size and #hello >= 4 + size then
            return read_body(sub(hello, 5, 4 + size))
        end
        if at + 4 + length > #data then
            -- Not beyond the hello's own end: a client may wait for the answer with the rest of the record unsent.
            return "more", at + 4 + length
        end
        at = at + 5 + length
    end
    return "more", math.huge
end


return _M
