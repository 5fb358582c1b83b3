/** The module of ComfyUI's page that we import; only the page itself can serve it. */
declare module "*/scripts/app.js" {
  export const app: import("./comfyui.js").App;
}
