from django.urls import include, path

from accounts import views

auth = [
    path("register", views.RegisterView.as_view()),
    path("login", views.LoginView.as_view()),
    path("logout", views.LogoutView.as_view()),
    path("check-auth", views.CheckAuthView.as_view()),
    path("forgot-password", views.ForgotPasswordView.as_view()),
    path("reset-password", views.ResetPasswordView.as_view()),
]
user = [
    path("profile", views.ProfileView.as_view()),
    path("change-password", views.PasswordView.as_view()),
    path("account", views.AccountView.as_view()),
]
urlpatterns = [
    path("auth/", include(auth)),
    path("user/", include(user)),
]
