"use strict";

// A file of its own: the page's policy allows no script in the page.
const place = document.getElementById("swagger-ui");

// Each operation is a button that opens it. Swagger UI would put a link with the same effect inside that button, which
// screen readers cannot tell apart.
const NoNestedLinks = ({ React }) => ({
  wrapComponents: { DeepLink: () => ({ text }) => React.createElement("span", null, text) },
});

SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [NoNestedLinks],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null, // else it would ask validator.swagger.io
});
