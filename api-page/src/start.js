SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  // Without it the page shows a badge that another host draws.
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
