"use strict";

// Its logo is on another host, and this page asks no other host for anything.
const setAttribute = Element.prototype.setAttribute;
HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name !== "src" || new URL(value, location.href).origin === location.origin) setAttribute.call(this, name, value);
  else setTimeout(() => this.dispatchEvent(new Event("error"))); // then ReDoc leaves it out
};
Object.defineProperty(HTMLImageElement.prototype, "src", {
  set(value) {
    this.setAttribute("src", value);
  },
});

const place = document.getElementById("redoc");
Redoc.init(
  place.dataset.document,
  {
    nonce: document.currentScript.nonce, // its styles are made as it goes; the policy lets in what bears the page's nonce
    disableSearch: true, // it would run in a worker made from text, which the policy refuses; the browser can search
    hideDownloadButton: false,
    nativeScrollbars: true,
    pathInMiddlePanel: true,
    requiredPropsFirst: true,
    sortTagsAlphabetically: false,
    // Its own green and red are too pale on their grounds for many eyes: WCAG 2.2 asks for 4.5:1.
    theme: {
      typography: { code: { color: "#8f1210" } },
      colors: {
        responses: {
          success: { color: "#14611c", tabTextColor: "#4ade80" },
          error: { color: "#a51613", tabTextColor: "#fca5a5" },
        },
      },
    },
  },
  place,
);
