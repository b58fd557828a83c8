// What is otherwise here than in Swagger UI: https://swagger.io/docs/open-source-tools/swagger-ui/customization/plugin-api/.

import {withFragment} from "./contract.js";

// One paragraph, and the rest for whoever wants it: what a reader has come for are the operations.
const info = (Original, {React: {createElement: h}, getComponent}) => (props) => {
  const [first, ...rest] = props.info.get("description").split("\n\n");
  const Markdown = getComponent("Markdown", true);
  return h(
    "section",
    {"aria-label": "This API"},
    h(Original, {...props, info: props.info.set("description", first)}),
    h("details", {className: "about"}, h("summary", null, "About this API"), h(Markdown, {source: rest.join("\n\n")})),
    h("h2", {className: "unseen"}, "Operations"),
  );
};

// A path is no link here, as it stands in a button. A layer is a capability that an operator has switched on: an operation has the
// name of the one that brings it.
const paths = (layers) => ({OperationSummaryPath: (Original, {React: {createElement: h, Fragment}}) => ({operationProps}) => {
  const path = withFragment(operationProps.get("path"));
  const layer = layers[`${operationProps.get("method")} ${path}`];
  const badge = layer && h("span", {className: "layer", title: `Switched on by the layer ${layer}`}, layer);
  return h(Fragment, null, h("span", {className: "opblock-summary-path", "data-path": path}, path), badge);
}});

// Rows that few readers need are folded away. They know whether they are by the table they stand in.
function folding({table, row, isIdle, numberIn, shown}) {
  let context;
  const contextOf = (React) => (context ??= React.createContext(true));
  return {
    [table]: (Original, {React}) => (props) => {
      const [isFolded, fold] = React.useState(true);
      const number = numberIn(props);
      const label = `${isFolded ? "Show" : "Hide"} ${number} ${shown}`;
      const toggle = React.createElement("button", {type: "button", className: "fold", "aria-expanded": !isFolded, onClick: () => fold(!isFolded)}, label);
      return React.createElement(contextOf(React).Provider, {value: isFolded}, React.createElement(Original, props), number > 0 && toggle);
    },
    [row]: (Original, {React}) => (props) => (React.useContext(contextOf(React)) && isIdle(props) ? null : React.createElement(Original, props)),
  };
}

const parameters = folding({
  table: "parameters",
  row: "parameterRow",
  isIdle: ({rawParam}) => rawParam.get("x-idle"),
  numberIn: (props) => props.parameters.filter((one) => one.get("x-idle")).size,
  shown: "parameters that SDKs set",
});

// Swagger UI gives its fields no names that a screen reader could tell.
const named = ({parameterRow}) => ({parameterRow: (Original, system) => {
  const Row = parameterRow(Original, system);
  return (props) => {
    const name = props.rawParam.get("name");
    system.React.useEffect(() => {
      const fields = document.querySelectorAll(`tr[data-param-name="${CSS.escape(name)}"] :is(select, textarea, input:not([type=checkbox]))`);
      fields.forEach((field) => field.setAttribute("aria-label", name));
    });
    return system.React.createElement(Row, props);
  };
}});

const isError = (code) => Number(code) >= 400;

const responses = folding({
  table: "responses",
  row: "response",
  isIdle: ({code}) => isError(code),
  numberIn: (props) => props.responses.filter((_, code) => isError(code)).size,
  shown: "answers to what goes wrong",
});

export function components(layers) {
  return {info, ...paths(layers), ...parameters, ...named(parameters), ...responses};
}
