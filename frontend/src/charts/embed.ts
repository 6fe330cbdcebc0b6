import embed, { type EmbedOptions, type Result, type VisualizationSpec } from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

export type { Result, VisualizationSpec };

// Expressions are interpreted, not compiled: our content security policy allows no eval.
const OPTIONS: EmbedOptions = {
  actions: false,
  ast: true,
  expr: expressionInterpreter,
  renderer: "svg",
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
  // The label of the last point may stand outside the plot.
  config: {},
};

export async function vegaEmbed(view: HTMLElement, spec: VisualizationSpec): Promise<Result> {
  return embed(view, spec, OPTIONS);
}
