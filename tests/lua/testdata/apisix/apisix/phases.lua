-- In place of apisix/init.lua and apisix/plugin.lua: loads routes and upstreams from a JSON file, finds a route by the Host
-- header, and runs its plugins' phases by priority.

local cjson = require("cjson.safe")
local core = require("apisix.core")
local upstream = require("apisix.upstream")
local balancer = require("ngx.balancer")

local routes, upstreams, version = {}, {}, nil

local _M = {}

function _M.load(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    local conf = assert(cjson.decode(text))
    require("apisix.plugins.amesh-destination")
    routes, upstreams, version = {}, conf.upstreams or {}, ngx.md5(text)
    for host, route in pairs(conf.routes or {}) do
        local plugins = {}
        for name, plugin_conf in pairs(route.plugins) do
            local plugin = require("apisix.plugins." .. name)
            local ok, err = plugin.check_schema(plugin_conf)
            if ok then
                table.insert(plugins, { plugin = plugin, conf = plugin_conf })
            else
                route.invalid = name .. ": " .. err
            end
        end
        table.sort(plugins, function(a, b)
            return a.plugin.priority > b.plugin.priority
        end)
        route.plugins = plugins
        routes[host] = route
    end
end

-- Without a body nginx would send its own page; APISIX ends requests in the same way.
local function exit(status, body)
    ngx.status = status
    if body then
        ngx.print(body)
    end
    ngx.exit(status)
end

local function run(ctx, phase)
    for _, entry in ipairs(ctx.route.plugins) do
        if entry.plugin[phase] then
            local status, body = entry.plugin[phase](entry.conf, ctx)
            if status or body then
                exit(status, body)
            end
        end
    end
end

local function set_host(ctx)
    local conf = ctx.upstream_conf
    if conf.pass_host == "rewrite" then
        ctx.var.upstream_host = conf.upstream_host
    elseif conf.pass_host == "node" then
        ctx.var.upstream_host = conf.nodes[1].host .. ":" .. conf.nodes[1].port
    end
end

function _M.access()
    local ctx = {}
    ngx.ctx.api_ctx = ctx
    core.ctx.set_vars(ctx)
    local _ = ctx.var.uri -- the router reads it, so it is kept from here on
    ctx.route = routes[ctx.var.host]
    if not ctx.route then
        exit(404, "")
    elseif ctx.route.invalid then
        exit(500, ctx.route.invalid)
    end
    ctx.conf_type, ctx.conf_id, ctx.conf_version = "route", ctx.var.host, version
    run(ctx, "rewrite")
    run(ctx, "access")
    if ctx.bypass_nginx_upstream then
        run(ctx, "before_proxy")
        return
    end
    if not ctx.upstream_conf then
        local id = ctx.upstream_id or ctx.route.upstream_id
        local conf = upstreams[id]
        if not conf then
            exit(502)
        end
        upstream.set(ctx, id, version, conf)
        upstream.set_scheme(ctx, conf)
    end
    set_host(ctx)
    run(ctx, "before_proxy")
end

function _M.balance()
    local ctx = ngx.ctx.api_ctx
    local node = ctx.upstream_conf.nodes[1]
    assert(balancer.set_current_peer(node.host, node.port))
end

function _M.header_filter()
    if ngx.ctx.api_ctx and ngx.ctx.api_ctx.route then
        run(ngx.ctx.api_ctx, "header_filter")
    end
end

function _M.body_filter()
    if ngx.ctx.api_ctx and ngx.ctx.api_ctx.route then
        run(ngx.ctx.api_ctx, "body_filter")
    end
end

return _M
