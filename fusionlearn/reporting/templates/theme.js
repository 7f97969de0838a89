(function () {
  var button = document.getElementById("theme");
  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  function show() {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light page" : "Dark page";
  }
  button.addEventListener("click", function () { dark = !dark; show(); });
  button.hidden = false;
  show();
})();
