"use strict";
// A page made from the OpenAPI document.  All text goes in as text, never as HTML.

let api = {};
const byId = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function resolved(schema) {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.split("/").slice(1).reduce((found, part) => found[part], api);
}

function typeOf(schema) {
  const { type, enum: words, minimum, maximum } = resolved(schema);
  if (words) return words.join(" | ");
  const bounds = minimum === undefined ? "" : ` from ${minimum} to ${maximum}`;
  return (Array.isArray(type) ? type.join(" or ") : type || "anything") + bounds;
}

function sample(schema) {
  const whole = resolved(schema);
  if ("const" in whole) return whole.const;
  if ("default" in whole) return whole.default;
  if (whole.enum) return whole.enum[0];
  if (whole.type === "object" || whole.properties) {
    const entries = Object.entries(whole.properties || {});
    return Object.fromEntries(entries.map(([name, each]) => [name, sample(each)]));
  }
  return { array: [], boolean: false, integer: whole.minimum || 0, number: 1 }[whole.type] ?? "";
}

function field(label, control, note, id) {
  control.id = id;
  const row = element("div", { className: "field" }, element("label", { htmlFor: id }, label), control);
  if (note) {
    control.setAttribute("aria-describedby", id + "-note");
    row.append(element("span", { className: "note", id: id + "-note" }, note));
  }
  return row;
}

function inputFor(parameter) {
  const { enum: words, type, minimum, maximum } = parameter.schema;
  if (words || type === "boolean") {
    const choices = ["", ...(words || ["true", "false"])];
    return element("select", {}, ...choices.map((word) => element("option", { value: word }, word)));
  }
  const input = element("input", { type: type === "integer" ? "number" : "text", spellcheck: false });
  if (type === "integer") Object.assign(input, { min: minimum, max: maximum });
  input.required = Boolean(parameter.required);
  if (parameter.schema.default !== undefined) input.placeholder = String(parameter.schema.default);
  return input;
}

function bodyFor(operation, id) {
  if (!operation.requestBody) return { rows: [], read: () => undefined };
  const schema = operation.requestBody.content["application/json"].schema;
  const area = element("textarea", { spellcheck: false });
  const show = (one) => { area.value = JSON.stringify(sample(one), null, 2); };
  const rows = [];
  if (schema.oneOf) {
    const choose = element("select", {}, ...schema.oneOf.map((one, at) => element("option", { value: at }, one.title)));
    choose.addEventListener("change", () => show(schema.oneOf[choose.value]));
    rows.push(field("operation", choose, "fills in the body", id + "-variant"));
  }
  show(schema.oneOf ? schema.oneOf[0] : schema);
  rows.push(field("body", area, "JSON", id + "-body"));
  return { rows, read: () => area.value };
}

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

function curl(request) {
  const parts = ["curl", "-sS"];
  if (request.method !== "GET") parts.push("-X", request.method);
  if (request.secured) parts.push("-H", '"Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(request.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (request.body !== undefined) parts.push("-d", quoted(request.body));
  if (request.streams) parts.push("-N");
  return [...parts, quoted(location.origin + request.url)].join(" ");
}

function requestOf(method, path, operation, inputs, body) {
  const query = new URLSearchParams();
  const headers = {};
  let url = path;
  for (const [parameter, input] of inputs) {
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "" && parameter.in === "query") query.set(parameter.name, input.value);
    else if (input.value !== "") headers[parameter.name] = input.value;
  }
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const text = query.toString();
  const secured = !(operation.security && operation.security.length === 0);
  const streams = "text/event-stream" in ((operation.responses["200"] || {}).content || {});
  return { method: method.toUpperCase(), url: text ? `${url}?${text}` : url, headers, body, secured, streams };
}

async function answerTo(request, signal) {
  const headers = { ...request.headers };
  const token = byId("token").value;
  if (token && (request.secured || request.url.startsWith("/metrics"))) headers.Authorization = "Bearer " + token;
  return fetch(request.url, { method: request.method, headers, body: request.body, signal, cache: "no-store" });
}

function pretty(text, kind) {
  if (!(kind || "").includes("json")) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

async function read(response, shown) {
  const kind = response.headers.get("Content-Type");
  if (!(kind || "").startsWith("text/event-stream")) {
    shown.textContent = pretty(await response.text(), kind);
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    shown.textContent = (shown.textContent + part.value).slice(-50000);
    shown.scrollTop = shown.scrollHeight;
  }
}

async function send(request, output, stop) {
  const status = element("p", { className: "status" }, "…");
  const notes = element("p", { className: "note" });
  const shown = element("pre", { tabIndex: 0 });
  shown.setAttribute("aria-label", "answer");
  output.replaceChildren(element("pre", { tabIndex: 0 }, curl(request)), status, notes, shown);
  const controller = new AbortController();
  stop.hidden = !request.streams;
  stop.onclick = () => controller.abort();
  try {
    const response = await answerTo(request, controller.signal);
    status.textContent = `${response.status} ${response.statusText}`;
    status.classList.add(response.ok ? "good" : "bad");
    const told = ["Location", "Retry-After", "Idempotent-Replayed", "Allow", "WWW-Authenticate"];
    notes.textContent = told.filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`).join("   ");
    await read(response, shown);
  } catch (problem) {
    if (problem.name !== "AbortError") status.textContent = String(problem);
  }
  stop.hidden = true;
}

function endpoint(path, method, operation) {
  const id = operation.operationId;
  const name = element("span", { className: `method ${method.toUpperCase()}` }, method.toUpperCase());
  const inside = element("div", { className: "inside" });
  const whole = element("details", { id }, element("summary", {}, name, element("code", {}, path), operation.summary), inside);
  whole.dataset.text = `${path} ${operation.summary} ${method}`.toLowerCase();
  whole.addEventListener("toggle", () => { if (!inside.hasChildNodes()) fill(inside, path, method, operation); });
  return whole;
}

function fill(inside, path, method, operation) {
  const id = operation.operationId;
  const form = element("form");
  const inputs = (operation.parameters || []).map((parameter) => [parameter, inputFor(parameter)]);
  for (const [parameter, input] of inputs) {
    const note = `${parameter.description || ""} (${typeOf(parameter.schema)})`;
    form.append(field(parameter.name, input, note, `${id}-${parameter.name}`));
  }
  const body = bodyFor(operation, id);
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const output = element("div");
  output.setAttribute("aria-live", "polite");
  form.append(...body.rows, element("button", { type: "submit" }, "Send"), " ", stop);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(requestOf(method, path, operation, inputs, body.read()), output, stop);
  });
  for (const part of (operation.description || "").split("\n\n")) if (part) inside.append(element("p", {}, part));
  const gives = Object.entries(operation.responses).filter(([status]) => status < 400);
  for (const [status, reply] of gives) inside.append(element("p", { className: "note" }, `${status}: ${reply.description}`));
  inside.append(form, output);
}

function show() {
  byId("version").textContent = api.info.version;
  byId("about").textContent = api.info.description;
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      groups.set(tag, [...(groups.get(tag) || []), endpoint(path, method, operation)]);
    }
  }
  const sections = [...groups].map(([tag, all]) => element("section", {}, element("h2", {}, tag), ...all));
  byId("endpoints").replaceChildren(...sections);
  const rows = api["x-problems"].map((each) => element("tr", { id: "problem-" + each.code },
    element("td", {}, String(each.status)), element("td", {}, element("code", {}, each.code)),
    element("td", {}, each.title), element("td", {}, each.hint)));
  byId("problem-rows").replaceChildren(...rows);
  const target = location.hash && byId(location.hash.slice(1));
  if (target) { target.open = true; target.scrollIntoView(); }
}

function filter() {
  const wanted = byId("filter").value.toLowerCase();
  for (const section of document.querySelectorAll("#endpoints section")) {
    for (const each of section.querySelectorAll("details")) each.hidden = !each.dataset.text.includes(wanted);
    section.hidden = !section.querySelector("details:not([hidden])");
  }
}

async function whoAmI(event) {
  event.preventDefault();
  const response = await answerTo({ method: "GET", url: "/api/v1/whoami", headers: {}, secured: true });
  const found = await response.json();
  byId("who").textContent = response.ok ? `${found.name}, ${found.role}` : `${found.title}.`;
  byId("who").className = response.ok ? "good" : "bad";
}

async function begin() {
  byId("token").value = sessionStorage.getItem("cardgw-token") || "";
  byId("token").addEventListener("input", () => sessionStorage.setItem("cardgw-token", byId("token").value));
  byId("access").addEventListener("submit", whoAmI);
  byId("filter").addEventListener("input", filter);
  try {
    api = await (await fetch("/api/v1/openapi.json", { cache: "no-store" })).json();
    show();
  } catch (problem) {
    byId("loading").textContent = `The description could not be read: ${problem}`;
  }
}

begin();
